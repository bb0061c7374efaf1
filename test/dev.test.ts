import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('..', import.meta.url));
const PARTS = [
  'package.json',
  'openapi.yaml',
  'build.js',
  'write-contract.js',
  'write-licences.js',
  'dev.js',
  'src',
  'docs-page',
];

test('npm run dev starts the service anew at each change, and keeps the old one where the new cannot be built', async () => {
  const home = mkdtempSync(join(tmpdir(), 'dev-'));
  for (const part of PARTS) cpSync(join(root, part), join(home, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  const banner = join(home, 'src/banner.ts');
  const text = readFileSync(banner, 'utf8');
  let out = '';
  const run = spawn('npm', ['run', 'dev'], {
    cwd: home,
    env: { ...process.env, PORT: '0', METRICS_PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(run, 'close');
  /** Waits a little; throws where the process has ended. */
  const wait = async (): Promise<void> => {
    if (run.exitCode !== null) throw new Error(`npm run dev ended: ${out}`);
    await sleep(50);
  };
  run.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  run.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
  /** What the service says of the place where it listens, from `since` on. */
  const listening = async (since: number): Promise<string> => {
    for (;;) {
      const [url] = /http:\/\/127\.0\.0\.1:\d+(?=, over)/.exec(out.slice(since)) ?? [];
      if (url !== undefined) return url;
      await wait();
    }
  };
  const first = await listening(0);
  expect((await fetch(`${first}/docs`)).status).toBe(200);

  const broken = out.length;
  writeFileSync(banner, `${text}\nconst const`);
  while (!out.slice(broken).includes('Expected')) await wait();
  expect((await fetch(`${first}/livez`)).status).toBe(200);

  const mended = out.length;
  writeFileSync(banner, text);
  const second = await listening(mended);
  expect((await fetch(`${second}/livez`)).status).toBe(200);

  run.kill('SIGTERM');
  await ended;
  await expect(fetch(`${second}/livez`)).rejects.toThrow('fetch failed');
  rmSync(home, { recursive: true });
}, 120_000);
