// Bundles each process into one file and the parts it may never need: a start then reads and compiles a fraction of
// what its packages hold. Types are checked apart (npm run types).
import { build } from 'esbuild';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parse } from 'yaml';

import { writeContract } from './write-contract.js';
import { writeLicences } from './write-licences.js';

const { dirname: root } = import.meta;
const outdir = path.resolve(process.argv[2] ?? path.join(root, 'dist'));

rmSync(outdir, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/server.ts', 'src/embedded/main.ts'],
  outbase: 'src',
  outdir,
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20.19',
  // The SDK's modules rather than its CommonJS, so that its other seventy operations are left out.
  mainFields: ['module', 'main'],
  format: 'esm',
  sourcemap: true,
  // A start takes a tenth less to read it. Names stay, and lines stay short enough for a stack to tell the place.
  minifyWhitespace: true,
  lineLimit: 120,
  // Packages of CommonJS ask for Node's own modules by `require`, which a module does not have.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  logLevel: 'warning',
  metafile: true,
});
writeLicences({ metafile, root, file: path.join(outdir, 'THIRD-PARTY-LICENCES.txt') });

// The contract as a page and as files. The page's renderer is TypeScript, which Node 20 cannot run as it is.
const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ['docs-page/write-page.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
});
const [renderer] = outputFiles;
const { writePage } = await import(`data:text/javascript,${encodeURIComponent(renderer.text)}`);
const yaml = readFileSync(path.join(root, 'openapi.yaml'), 'utf8');
const contract = parse(yaml);
const directory = path.join(outdir, 'docs');
writePage({ contract, assets: path.join(root, 'docs-page/assets'), directory });
writeContract({ yaml, contract, directory });
