// Starts the service, over its embedded Rekognition, and this example beside it on another origin.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { createServer } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const port = process.env.PORT ?? '8080';

if (!existsSync(`${root}node_modules`)) runNpm('ci');
runNpm('run', 'build');

const web = await createServer({ root: here, define: serviceUrl(`http://127.0.0.1:${port}`) });
await web.listen().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
const [address = ''] = web.resolvedUrls?.local ?? [];
const origins = [address, address.replace('localhost', '127.0.0.1')].map((url) => new URL(url).origin);

const service = spawn(process.execPath, ['dist/server.js'], {
  cwd: root,
  env: { ...process.env, PORT: port, CORS_ORIGINS: origins.join(',') },
  stdio: 'inherit',
});
// Ctrl-C reaches both; the example has nothing to finish, the service has.
service.on('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => service.kill(signal));

console.log(`\n  The example is at ${address}\n`);

/** @param {string[]} words */
function runNpm(...words) {
  const { status } = spawnSync('npm', words, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** @param {string} url */
function serviceUrl(url) {
  return { 'import.meta.env.VITE_ROLLCALL_URL': JSON.stringify(url) };
}
