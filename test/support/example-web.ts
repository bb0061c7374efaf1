import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { listen } from './listen.ts';

const folder = fileURLToPath(new URL('../../examples/web', import.meta.url));

/** What must be installed for the example to be built. */
export const vite = {
  path: join(folder, 'node_modules', 'vite', 'bin', 'vite.js'),
  install: 'npm ci --prefix examples/web',
};

/** The example frontend, built and served from an origin of its own. */
export interface ExampleWeb {
  readonly origin: string;
  /** From now on the example asks this service. */
  use(serviceUrl: string): void;
  stop(): Promise<void>;
}

/** Stands in the built files for the URL of a service that starts later. */
const PLACE = 'http://rollcall.invalid';
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** Builds the example as it would be deployed, and serves it. */
export async function startExampleWeb(): Promise<ExampleWeb> {
  const built = await mkdtemp(join(tmpdir(), 'rollcall-example-'));
  const env = { ...process.env, NODE_ENV: 'production', VITE_ROLLCALL_URL: PLACE };
  const flags = ['build', '--outDir', built, '--emptyOutDir', '--logLevel', 'warn'];
  const building = promisify(execFile)(process.execPath, [vite.path, ...flags], { cwd: folder, env });
  await building.catch(async (error: unknown) => {
    await rm(built, { recursive: true });
    throw error;
  });
  let service = PLACE;
  const server = createServer((req, res) => {
    const { pathname } = new URL(req.url ?? '/', PLACE);
    const name = pathname === '/' ? 'index.html' : pathname;
    readFile(join(built, name), 'utf8').then(
      (text) => {
        const type = types[extname(name)] ?? 'application/octet-stream';
        res.writeHead(200, { 'Content-Type': type }).end(text.replaceAll(PLACE, service));
      },
      () => res.writeHead(404).end(),
    );
  });
  const { url, stop } = await listen(server);
  return {
    origin: url,
    use(serviceUrl) {
      service = serviceUrl;
    },
    async stop() {
      await stop();
      await rm(built, { recursive: true });
    },
  };
}
