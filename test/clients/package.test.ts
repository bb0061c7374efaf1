import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';

import { pageOf } from '../support/scripted-rekognition.ts';
import { startService, stopServices } from '../support/service.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
let home: string;

/** Builds the client as it is published, into the `node_modules` of a project that uses it. */
beforeAll(async () => {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  home = mkdtempSync(join(cache, 'client-test-'));
  const installed = join(home, 'node_modules', '@rollcall', 'client');
  cpSync(join(root, 'clients/typescript/package.json'), join(installed, 'package.json'));
  await run(process.execPath, [tsc, '-p', 'clients/typescript', '--outDir', join(installed, 'dist')], {
    cwd: root,
  });
}, 60_000);

afterAll(() => {
  rmSync(home, { recursive: true });
});

afterEach(stopServices);

const consumer = `
import { createRollcall, isRollcallError, type RollcallError, type User } from '@rollcall/client';

export const rollcall = createRollcall({ baseUrl: 'https://rollcall.example.com' });

export async function names(): Promise<string[]> {
  const users: User[] = [];
  for await (const user of rollcall.listAllUsers('team')) users.push(user);
  return users.map(({ userId }) => userId);
}

export function advice(error: RollcallError): string {
  switch (error.code) {
    case 'INVALID_PARAMETER':
      return error.errors.map(({ name, detail }) => name + detail).join();
    case 'NETWORK_ERROR':
    case 'UNREADABLE_ANSWER':
      return String(error.status);
    case 'COLLECTION_NOT_FOUND':
      // @ts-expect-error No other code has faults of parameters.
      return error.errors[0].name;
    default:
      return String(error.status + (error.retryAfter ?? 0));
  }
}

export const isKnown = (error: unknown): boolean => isRollcallError(error) && error.code === 'FORBIDDEN';

// @ts-expect-error There is no such code.
export const isTypo = (error: RollcallError): boolean => error.code === 'FORBIDEN';
`;

test('The package has types that the strictest project can use, in a browser and without Node', async () => {
  writeFileSync(join(home, 'consumer.ts'), consumer);
  writeFileSync(
    join(home, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        verbatimModuleSyntax: true,
        skipLibCheck: false,
        noEmit: true,
        target: 'es2022',
        lib: ['es2022', 'dom'],
        types: [],
        module: 'esnext',
        moduleResolution: 'bundler',
      },
      files: ['consumer.ts'],
    }),
  );
  await expect(run(process.execPath, [tsc, '-p', home])).resolves.toMatchObject({ stdout: '' });
}, 60_000);

test('The package lists users in a plain Node process', async () => {
  const { url } = await startService({ script: [pageOf(['alice', 'bob'])] });
  const script = `
    import { createRollcall } from '@rollcall/client';
    const { users } = await createRollcall({ baseUrl: ${JSON.stringify(url)} }).listUsers('team');
    console.log(users.map(({ userId }) => userId).join());`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: home });
  expect(stdout).toBe('alice,bob\n');
});

test('The package is less than 5,000 bytes compressed, with everything that it needs', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: "export { createRollcall, isRollcallError } from '@rollcall/client';",
      resolveDir: home,
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  expect(gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).byteLength).toBeLessThan(5000);
});
