import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('..', import.meta.url));
const running: ChildProcess[] = [];
let home: string;

/** Builds the service as it is deployed, beside the files that it reads. */
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'server-test-'));
  for (const name of ['package.json', 'openapi.yaml']) copyFileSync(join(root, name), join(home, name));
  cpSync(join(root, 'public'), join(home, 'public'), { recursive: true });
  execFileSync(process.execPath, [join(root, 'build.js'), join(home, 'dist')]);
}, 120_000);

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

afterAll(() => {
  rmSync(home, { recursive: true });
});

interface Run {
  readonly child: ChildProcess;
  /** Resolves with the code once the process has ended and its output is whole. */
  readonly exit: Promise<number | null>;
  readonly out: () => string;
  readonly err: () => string;
}

/** Starts the service with these settings and no others. */
function start(env: Record<string, string>): Run {
  const child = spawn(process.execPath, [join(home, 'dist', 'server.js')], {
    cwd: home,
    env: { METRICS_PORT: '0', NODE_NO_WARNINGS: '1', AWS_EC2_METADATA_DISABLED: 'true', HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return { child, exit, out: () => out, err: () => err };
}

/** The URL that the service says it listens on. */
async function listening({ out, err, exit }: Run): Promise<string> {
  const end = exit.then(() => 'ended' as const);
  for (;;) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(out()) ?? [];
    if (url !== undefined) return url;
    if ((await Promise.race([end, sleep(20)])) === 'ended') throw new Error(`the service ended: ${err()}`);
  }
}

test('bad settings end the start with one message that tells them all', async () => {
  const run = start({ PORT: 'x', LOG_LEVEL: 'loud', HOST: '0.0.0.0' });
  await expect(run.exit).resolves.toBe(1);
  expect(run.out()).toBe('');
  expect(run.err().trimEnd().split('\n')).toEqual([
    'rollcall: bad settings:',
    expect.stringMatching(/^ {2}PORT must be /),
    expect.stringMatching(/^ {2}LOG_LEVEL must be /),
    expect.stringMatching(/^ {2}AUTH_MODE must be set/),
  ]);
});

test('AWS without a Region is a bad setting', async () => {
  const run = start({ PORT: '0', NODE_ENV: 'production' });
  await expect(run.exit).resolves.toBe(1);
  expect(run.err()).toMatch(/^rollcall: bad settings:\n {2}AWS_REGION must be set[^\n]*\n$/);
});

test.each(['PORT', 'METRICS_PORT'])('a port that is taken, %s, is told in one line', async (setting) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const run = start({
    PORT: '0',
    [setting]: String(port),
    REKOGNITION_BACKEND: 'aws',
    AWS_REGION: 'eu-west-1',
  });
  await expect(run.exit).resolves.toBe(1);
  taken.close();
  expect(run.err()).toBe(`rollcall: cannot listen on 127.0.0.1:${port} (${setting}): EADDRINUSE\n`);
});

test('in development it starts with nothing set, answers, and stops on SIGTERM, given twice', async () => {
  const run = start({ PORT: '0' });
  const url = await listening(run);
  const answer = await fetch(`${url}/collections/example-team/users?maxResults=2`);
  expect(answer.status).toBe(200);
  const page = (await answer.json()) as { users: unknown[] };
  expect(page.users).toHaveLength(2);
  expect((await fetch(`${url}/openapi.yaml`)).status).toBe(200);
  expect((await fetch(`${url}/docs`)).status).toBe(200);
  expect((await fetch(`${url}/docs/docs.js`)).status).toBe(200);
  const [, metricsUrl = ''] = /"metrics":"([^"]+)"/.exec(run.out()) ?? [];
  const metrics = await (await fetch(metricsUrl)).text();
  expect(metrics).toMatch(
    /^rollcall_http_requests_total\{route="\/collections\/:collectionId\/users",.*\} 1$/m,
  );
  expect(metrics).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
  run.child.kill('SIGTERM');
  run.child.kill('SIGTERM');
  await expect(run.exit).resolves.toBe(0);
  expect(run.out()).toContain(`curl -i '${url}/collections/example-team/users?maxResults=3'`);
  expect(run.out().match(/stopping/g)).toHaveLength(1);
  expect(run.out()).toContain('stopped');
  expect(run.err()).toBe('');
});

test('in production every line of the log is JSON, from the start to the end', async () => {
  const run = start({ PORT: '0', NODE_ENV: 'production', REKOGNITION_BACKEND: 'embedded' });
  const url = await listening(run);
  expect((await fetch(`${url}/collections/example-team/users`)).status).toBe(200);
  run.child.kill('SIGINT');
  await expect(run.exit).resolves.toBe(0);
  const lines = run.out().trimEnd().split('\n');
  const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages[0]).toBe('listening');
  expect(messages.slice(-3)).toEqual(['request', 'stopping', 'stopped']);
  expect(messages.filter((message) => message.startsWith('CURSOR_SECRETS is not set'))).toHaveLength(1);
  expect(run.err()).toBe('');
});
