import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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

/** Packs the client, and installs the package into a project that uses it. */
beforeAll(async () => {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  home = mkdtempSync(join(cache, 'client-test-'));
  // As in a shell: `npm test` hands its own settings on, and those of the root have no scripts run.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const cwd = join(root, 'clients/typescript');
  await run('npm', ['pack', '--pack-destination', home], { cwd, env });
  const [tarball = ''] = readdirSync(home).filter((name) => name.endsWith('.tgz'));
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
  await run('npm', ['install', join(home, tarball), '--offline', '--no-audit', '--no-fund'], {
    cwd: home,
    env,
  });
}, 120_000);

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
    case 'UNREADABLE_RESPONSE':
      return String(error.status);
    case 'COLLECTION_NOT_FOUND':
      // @ts-expect-error No other code has errors of parameters.
      return error.errors[0].name;
    default:
      return String(error.status + (error.retryAfter ?? 0));
  }
}

export const isKnown = (error: unknown): boolean => isRollcallError(error) && error.code === 'FORBIDDEN';

// @ts-expect-error There is no such code.
export const isTypo = (error: RollcallError): boolean => error.code === 'FORBIDEN';
`;

const dom = { lib: ['es2022', 'dom'], types: [] };
const node = { lib: ['es2022'], types: ['node'] };
const neither = { lib: ['es2022'], types: [] };

test.each([
  ['bundler', 'esnext', dom],
  ['bundler', 'esnext', neither],
  ['node10', 'esnext', dom],
  ['node10', 'esnext', node],
  ['node16', 'node16', node],
  ['node16', 'node16', neither],
  ['nodenext', 'nodenext', dom],
  ['nodenext', 'nodenext', node],
])(
  'The package has types that the strictest project can use: %s, %s, %j',
  async (moduleResolution, module, platform) => {
    const project = mkdtempSync(join(home, 'project-'));
    writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(project, 'consumer.ts'), consumer);
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          verbatimModuleSyntax: true,
          skipLibCheck: !platform.lib.includes('dom') && platform.types.length > 0,
          ignoreDeprecations: '6.0',
          noEmit: true,
          target: 'es2022',
          ...platform,
          module,
          moduleResolution,
        },
        files: ['consumer.ts'],
      }),
    );
    const { stdout } = await run(process.execPath, [tsc, '-p', project]).catch(
      (error: unknown) => error as { stdout: string },
    );
    expect(stdout).toBe('');
  },
  60_000,
);

test('The package lists users in a plain Node process', async () => {
  const { url } = await startService({ script: [pageOf(['alice', 'bob'])] });
  const script = `
    import { createRollcall } from '@rollcall/client';
    const { users } = await createRollcall({ baseUrl: ${JSON.stringify(url)} }).listUsers('team');
    console.log(users.map(({ userId }) => userId).join());`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: home });
  expect(stdout).toBe('alice,bob\n');
});

test('The package is less than 3,000 bytes compressed, with everything that it needs', async () => {
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
  expect(gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).byteLength).toBeLessThan(3000);
});
