import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { EmbeddedRekognition } from '../../src/embedded/start.ts';
import { started } from './started.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The service as it is deployed. */
export interface BuiltService {
  /** Where its bundle is. */
  readonly dist: string;
  /** Starts a process of it with these settings and no others. */
  start(env: Readonly<Record<string, string>>): Run;
  /** The same by a command for a shell, beside `dist`; `npm start` in it means the built service. */
  startBy(command: string, env: Readonly<Record<string, string>>): Run;
  /** Ends the processes that still run. */
  kill(): void;
  /** Ends them and removes the build. */
  stop(): void;
}

/** One process. */
export interface Run {
  readonly child: ChildProcess;
  /** Resolves with the code once the process has ended and its output is whole. */
  readonly exit: Promise<number | null>;
  readonly out: () => string;
  readonly err: () => string;
}

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
}

/** The service, built for the tests of a file. */
export function builtService(): () => BuiltService {
  return started(buildService);
}

/** The settings of a service over this Rekognition, without a limit or a quota to wait for. */
export function settingsOver(
  endpoint: Pick<EmbeddedRekognition, 'url' | 'region' | 'accessKeyId' | 'secretAccessKey'>,
): Readonly<Record<string, string>> {
  return {
    PORT: '0',
    NODE_ENV: 'production',
    REKOGNITION_BACKEND: 'aws',
    AWS_REGION: endpoint.region,
    AWS_ACCESS_KEY_ID: endpoint.accessKeyId,
    AWS_SECRET_ACCESS_KEY: endpoint.secretAccessKey,
    AWS_ENDPOINT_URL_REKOGNITION: endpoint.url,
    RATE_LIMIT_MAX: '0',
    UPSTREAM_TPS: '1000',
    UPSTREAM_BURST: '1000',
    UPSTREAM_MAX_ATTEMPTS: '1',
  };
}

/** Builds it beside the file that it reads; takes some seconds. */
function buildService(): BuiltService {
  const home = mkdtempSync(join(tmpdir(), 'built-service-'));
  const running: ChildProcess[] = [];
  copyFileSync(join(root, 'package.json'), join(home, 'package.json'));
  const dist = join(home, 'dist');
  execFileSync(process.execPath, [join(root, 'build.js'), dist]);
  const run = (program: string, args: readonly string[], env: Readonly<Record<string, string>>): Run => {
    const child = spawn(program, args, {
      cwd: home,
      env: { METRICS_PORT: '0', AWS_EC2_METADATA_DISABLED: 'true', HOME: home, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.push(child);
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const exit = once(child, 'close').then(([code]) => code as number | null);
    return { child, exit, out: () => out, err: () => err };
  };
  const kill = (): void => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  };
  return {
    dist,
    start: (env) => run(process.execPath, [join(dist, 'server.js')], env),
    startBy(command, env) {
      const { scripts } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Manifest;
      const built = command
        .replace(/^npm ci && /, '')
        .replace(/npm (?:run )?(start|rekognition)\b/, (_, name: string) =>
          (scripts[name] ?? `there is no ${name}`).replace('node build.js && ', ''),
        );
      return run('bash', ['-c', built], { PATH: process.env['PATH'] ?? '', ...env });
    },
    kill,
    stop() {
      kill();
      rmSync(home, { recursive: true });
    },
  };
}

/** The URL that the service says it listens on. */
export async function listening({ out, err, exit }: Run): Promise<string> {
  const end = exit.then(() => 'ended' as const);
  for (;;) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(out()) ?? [];
    if (url !== undefined) return url;
    if ((await Promise.race([end, sleep(20)])) === 'ended') throw new Error(`the service ended: ${err()}`);
  }
}
