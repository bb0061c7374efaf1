import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { build } from 'esbuild';

import { startEmbeddedRekognition } from '../../src/embedded/start.ts';
import { builtService, listening, settingsOver } from '../support/built-service.ts';
import { started } from '../support/started.ts';
import { testWith } from '../support/tools.ts';
import { generators, scenario, type Generator } from './generators.ts';

/** Runs a program; what it prints is in the error where it fails: compilers say on standard output what is wrong. */
async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { cwd, timeout: 60_000 })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');

jest.setTimeout(180_000);

let home: string;
const built = builtService();
const endpoint = started(() => startEmbeddedRekognition({ tps: 0 }));
let url: string;

beforeAll(async () => {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  home = mkdtempSync(join(cache, 'generators-test-'));
  url = await listening(built().start(settingsOver(endpoint())));
});

afterAll(() => {
  rmSync(home, { recursive: true });
});

/** Makes a client, type-checks the scenario over it, runs it against the service, and returns what it prints. */
async function outcomeOf({
  name,
  files,
  command,
  complete,
  flags = [],
  adapter,
}: Generator): Promise<unknown> {
  const cwd = join(home, name.replaceAll('/', '-'));
  mkdirSync(cwd);
  for (const contract of [join(root, 'openapi.yaml'), join(built().dist, 'docs/openapi-3.0.json')])
    copyFileSync(contract, join(cwd, basename(contract)));
  for (const [file, text] of Object.entries(files ?? {})) writeFileSync(join(cwd, file), text);
  const [program, ...args] = command;
  await run(program, args, cwd);
  complete?.(cwd);
  writeFileSync(join(cwd, 'adapter.ts'), adapter);
  const entry = join(cwd, 'scenario.ts');
  writeFileSync(entry, scenario);
  const strict = '--strict --noEmit --skipLibCheck --allowImportingTsExtensions --ignoreConfig';
  const target =
    '--target es2022 --module esnext --moduleResolution bundler --types node --lib es2022,dom,dom.iterable';
  await run(process.execPath, [tsc, ...strict.split(' '), ...target.split(' '), ...flags, entry], cwd);
  const outfile = join(cwd, 'scenario.mjs');
  await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
    logLevel: 'silent',
  });
  return JSON.parse(await run(process.execPath, [outfile, url], cwd));
}

/** What the scenario sees, through any client. */
const seen = {
  pages: 10,
  users: 5000,
  collections: ['example-team', 'example-empty', 'example-hundred', 'example-campus'],
  userCount: 5000,
  user: 'ACTIVE',
  streamed: 8,
  codes: ['INVALID_PARAMETER', 'COLLECTION_NOT_FOUND', 'COLLECTION_NOT_FOUND', 'USER_NOT_FOUND'],
  incomplete: true,
};

const testHere = testWith('java');
const needsJava = ({ command: [program] }: Generator) => program === 'java';

test.each(generators.filter((generator) => !needsJava(generator)))(
  '$name makes a client that reads pages, errors and the stream',
  async (generator) => {
    expect(await outcomeOf(generator)).toEqual(seen);
  },
);

testHere.each(generators.filter(needsJava))(
  '$name makes a client that reads pages, errors and the stream',
  async (generator) => {
    expect(await outcomeOf(generator)).toEqual(seen);
  },
);

test('docs/trying.md names each generator and the edition that it reads', () => {
  const page = readFileSync(join(root, 'docs/trying.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([^`]+)` +\| (3\.[01])/gm)].map(([, name, edition]) => [
    name,
    edition,
  ]);
  const editionOf = ({ command, files }: Generator) =>
    JSON.stringify([command, files]).includes('openapi-3.0.json') ? '3.0' : '3.1';
  expect(rows).toEqual(generators.map((generator) => [generator.name, editionOf(generator)]));
});
