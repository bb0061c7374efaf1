import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { build } from 'esbuild';

import { builtDocs } from '../support/docs.ts';
import { exception, pageOf } from '../support/scripted-rekognition.ts';
import { startService, stopServices } from '../support/service.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const installed = (...path: string[]): string => join(root, 'node_modules', ...path);
const builtFiles = builtDocs();
let home: string;

jest.setTimeout(120_000);

beforeAll(() => {
  const cache = installed('.cache');
  mkdirSync(cache, { recursive: true });
  home = mkdtempSync(join(cache, 'generators-test-'));
});

afterAll(() => {
  rmSync(home, { recursive: true });
});

afterEach(stopServices);

/** Type-checks a script beside a generated client and runs it with the URL of a service; returns what it prints. */
async function runBeside(client: string, script: string): Promise<string> {
  const { url } = await startService({
    script: [pageOf(['alice'], 'more'), pageOf(['bob']), exception('ResourceNotFoundException')],
  });
  const entry = join(home, client, 'script.ts');
  writeFileSync(entry, script);
  const flags =
    '--strict --noEmit --skipLibCheck --target es2022 --module esnext --moduleResolution bundler --types node --ignoreConfig';
  await run(process.execPath, [installed('typescript', 'bin', 'tsc'), ...flags.split(' '), entry], {
    cwd: home,
  });
  const outfile = join(home, client, 'script.mjs');
  await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
    logLevel: 'silent',
  });
  return (await run(process.execPath, [outfile, url])).stdout;
}

/** What every script prints: the first user, the one of the next page, and the code of an error. */
const told = 'alice ACTIVE bob COLLECTION_NOT_FOUND\n';

/** How each further generator is called with the contract that it reads, and a script with the client that it makes. */
const generators = [
  {
    name: 'orval',
    args: (output: string) => [
      'orval/dist/bin/orval.js',
      '--input',
      'openapi.yaml',
      '--client',
      'fetch',
      '--output',
      join(output, 'client.ts'),
    ],
    script: `
      import { getListUsersUrl, type Problem, type UserPage } from './client';
      const read = async (path: string) => (await fetch(process.argv[2] + path)).json();
      const page: UserPage = await read(getListUsersUrl('team', { maxResults: 5 }));
      const next: UserPage = await read(getListUsersUrl('team', { maxResults: 5, nextToken: page.nextToken! }));
      const failed: Problem = await read(getListUsersUrl('nope'));
      const [user] = page.users;
      console.log(user!.userId, user!.userStatus, next.users[0]!.userId, failed.code);`,
  },
  {
    name: 'oazapfts',
    args: (output: string) => [
      'oazapfts/dist/cli.js',
      fileURLToPath(new URL('openapi-3.0.json', builtFiles)),
      join(output, 'client.ts'),
    ],
    script: `
      import { defaults, listUsers } from './client';
      defaults.baseUrl = process.argv[2]!;
      const page = await listUsers('team', { maxResults: 5 });
      if (page.status !== 200) throw new Error('no page');
      const next = await listUsers('team', { maxResults: 5, nextToken: page.data.nextToken! });
      if (next.status !== 200) throw new Error('no next page');
      const failed = await listUsers('nope');
      const [user] = page.data.users;
      console.log(user!.userId, user!.userStatus, next.data.users[0]!.userId, failed.status === 404 && failed.data.code);`,
  },
  {
    name: 'openapi-typescript-codegen',
    args: (output: string) => [
      'openapi-typescript-codegen/bin/index.js',
      '--input',
      fileURLToPath(new URL('openapi-3.0.json', builtFiles)),
      '--output',
      output,
    ],
    script: `
      import { ApiError, OpenAPI, UsersService } from './index';
      OpenAPI.BASE = process.argv[2]!;
      const page = await UsersService.listUsers('team', 5);
      const next = await UsersService.listUsers('team', 5, page.nextToken);
      const failed: unknown = await UsersService.listUsers('nope').catch((error: unknown) => error);
      const [user] = page.users;
      console.log(user!.userId, user!.userStatus, next.users[0]!.userId, failed instanceof ApiError && failed.body.code);`,
  },
];

describe('From the contract', () => {
  test('@hey-api/openapi-ts makes a client that works', async () => {
    const flags = [
      '-i',
      'openapi.yaml',
      '-o',
      join(home, 'hey-api'),
      '-c',
      '@hey-api/client-fetch',
      '--silent',
    ];
    await run(process.execPath, [installed('@hey-api/openapi-ts/bin/run.js'), ...flags], { cwd: root });
    const script = `
      import { createClient } from './client';
      import { listUsers } from './sdk.gen';
      const client = createClient({ baseUrl: process.argv[2]! });
      const page = await listUsers({ client, path: { collectionId: 'team' }, query: { maxResults: 5 } });
      const query = { maxResults: 5, nextToken: page.data!.nextToken! };
      const next = await listUsers({ client, path: { collectionId: 'team' }, query });
      const failed = await listUsers({ client, path: { collectionId: 'nope' } });
      const [user] = page.data!.users;
      console.log(user!.userId, user!.userStatus, next.data!.users[0]!.userId, failed.error!.code);`;
    expect(await runBeside('hey-api', script)).toBe(told);
  });

  test.each(generators)('$name makes a client that works', async ({ name, args, script }) => {
    const output = join(home, name);
    mkdirSync(output);
    const [bin = '', ...rest] = args(output);
    await run(process.execPath, [installed(bin), ...rest], { cwd: root });
    expect(await runBeside(name, script)).toBe(told);
  });

  const { status } = spawnSync('java', ['-version']);
  const testWhereJavaIs = status === 0 ? test : test.skip;
  testWhereJavaIs(
    'openapi-generator makes a client that works (skipped where there is no Java)',
    async () => {
      // Newer versions read 3.1, but download themselves at run time; of those in the npm package this is the last.
      const contract = fileURLToPath(new URL('openapi-3.0.json', builtFiles));
      const jar = installed('@openapitools/openapi-generator-cli/bin/openapi-generator.jar');
      const flags = ['-g', 'typescript-fetch', '-i', contract, '-o', join(home, 'openapi-generator')];
      const style = '--additional-properties=supportsES6=true,typescriptThreePlus=true';
      await run('java', ['-jar', jar, 'generate', ...flags, style]);
      const script = `
      import { Configuration, UsersApi, type Problem } from './index';
      const api = new UsersApi(new Configuration({ basePath: process.argv[2]!, fetchApi: fetch }));
      const page = await api.listUsers({ collectionId: 'team', maxResults: 5 });
      const { nextToken } = page;
      const next = await api.listUsers({ collectionId: 'team', maxResults: 5, nextToken });
      const failed: Problem = await api.listUsers({ collectionId: 'nope' }).catch((answer) => answer.json());
      const [user] = page.users;
      console.log(user!.userId, user!.userStatus, next.users[0]!.userId, failed.code);`;
      // eslint-disable-next-line jest/no-standalone-expect -- the test has another name where it is skipped
      expect(await runBeside('openapi-generator', script)).toBe(told);
    },
  );
});
