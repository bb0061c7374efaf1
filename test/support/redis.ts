import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { expect, test } from '@jest/globals';

import { freePort } from './free-port.ts';

/** A real Redis on a free port, with nothing on disk. */
export interface RedisServer {
  readonly url: string;
  /** Stops answering, and goes on, as a machine does that is paused. */
  pause(): void;
  resume(): void;
  /** Ends it with all it knows. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  restart(): Promise<void>;
}

const installed = spawnSync('redis-server', ['--version']).error === undefined;
if (!installed && process.env['REQUIRE_REDIS'])
  throw new Error('redis-server is required, and not installed');

/** A test that needs redis-server, and is skipped where none is installed. */
export const testWithRedis = installed ? test : test.skip;

const running: ChildProcess[] = [];

/** Starts a Redis of the test's own. */
export async function startRedis(...args: string[]): Promise<RedisServer> {
  const port = await freePort();
  let child = await start(port, args);
  return {
    url: `redis://127.0.0.1:${port}`,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    async restart() {
      child = await start(port, args);
    },
  };
}

/** Ends every Redis; for `afterEach`. */
export async function stopRedis(): Promise<void> {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** Waits until a service says so of its Redis; once it is ready, it stays so. */
export async function becomes(service: { readonly url: string }, redis: 'shared' | 'away'): Promise<void> {
  for (let ready = false; ;) {
    const answer = await fetch(`${service.url}/readyz`);
    ready ||= answer.status === 200;
    if (!ready) continue;
    expect(answer.status).toBe(200);
    if (((await answer.json()) as { redis: string }).redis === redis) return;
  }
}

async function start(port: number, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--save', '', '--bind', '127.0.0.1', ...args],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  running.push(child);
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      if (String(chunk).includes('Ready to accept')) resolve();
    });
  });
  return child;
}
