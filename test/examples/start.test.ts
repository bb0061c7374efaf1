import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { vite } from '../support/example-web.ts';
import { freePort } from '../support/free-port.ts';

const folder = fileURLToPath(new URL('../../examples/web', import.meta.url));
const testWithVite = existsSync(vite.path) ? test : test.skip;

testWithVite(
  'npm start in examples/web starts the service and, on another origin that may read it, the example',
  async () => {
    const PORT = String(await freePort());
    const run = spawn('npm', ['start'], {
      cwd: folder,
      env: { ...process.env, PORT, METRICS_PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, which Ctrl-C ends as a whole.
      detached: true,
    });
    let out = '';
    for (const stream of [run.stdout, run.stderr])
      stream.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const ended = once(run, 'close');
    while (!/The example is at [^]*listening|listening[^]*The example is at /.test(out)) {
      if (run.exitCode !== null) throw new Error(`npm start ended: ${out}`);
      await sleep(50);
    }
    const [, example = ''] = /The example is at (\S+)/.exec(out) ?? [];
    expect(await (await fetch(example)).text()).toContain('<div id="root">');
    const service = await fetch(`http://127.0.0.1:${PORT}/collections`, {
      headers: { Origin: new URL(example).origin },
    });
    expect(service.headers.get('access-control-allow-origin')).toBe(new URL(example).origin);

    process.kill(-Number(run.pid), 'SIGINT');
    await ended;
    await expect(fetch(`http://127.0.0.1:${PORT}/livez`)).rejects.toThrow('fetch failed');
  },
  60_000,
);
