import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { build } from 'esbuild';
import { parse } from 'yaml';

import type { CodeSample, Contract } from '../docs-page/contract.ts';
import { exampleUsers } from '../src/embedded/example-users.ts';
import { exampleCollections } from '../src/embedded/examples.ts';
import { startEmbeddedRekognition } from '../src/embedded/start.ts';
import { builtService, listening, settingsOver } from './support/built-service.ts';
import { listen } from './support/listen.ts';
import { started } from './support/started.ts';
import { testWith } from './support/tools.ts';

jest.setTimeout(60_000);

const root = fileURLToPath(new URL('..', import.meta.url));
const client = join(root, 'clients/typescript/src/rollcall.ts');
const { paths } = parse(readFileSync(join(root, 'openapi.yaml'), 'utf8')) as Contract;
const operations = Object.values(paths).flatMap(({ get }) => (get?.security ? [get] : []));

/** More than a page of collections, in the order in which the embedded Rekognition lists them. */
const collections = Array.from({ length: 120 }, (_, index) => ({ id: `team-${index}`, users: [] }));

/** A Rekognition that refuses every call, with this exception. */
let exception = '';
const refusing = started(() =>
  listen(
    createServer((_request, response) => {
      response.writeHead(400, { 'Content-Type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify({ __type: exception }));
    }),
  ),
);

let home: string;
const built = builtService();
const endpoint = started(() => startEmbeddedRekognition({ tps: 0, collections }));
/** Services over an embedded Rekognition without a quota to wait for, and over the one that refuses every call. */
const urls = { reading: '', refused: '' };

beforeAll(async () => {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  home = mkdtempSync(join(cache, 'code-samples-'));
  const endpoints = [endpoint(), { ...endpoint(), url: refusing().url }];
  const runs = endpoints.map((each) => built().start(settingsOver(each)));
  [urls.reading = '', urls.refused = ''] = await Promise.all(runs.map(listening));
});

afterAll(() => {
  rmSync(home, { recursive: true });
});

/** How a sample of each language is run as it is written. */
const runners: Readonly<Record<string, (source: string) => Promise<readonly [string, ...string[]]>>> = {
  Shell: (source) => Promise.resolve(['bash', '-c', source]),
  JavaScript: (source) => Promise.resolve([process.execPath, '--input-type=module', '-e', source]),
  TypeScript: async (source) => {
    const outfile = join(home, 'sample.mjs');
    await build({
      stdin: { contents: source, loader: 'ts' },
      alias: { '@rollcall/client': client },
      bundle: true,
      format: 'esm',
      platform: 'node',
      outfile,
    });
    return [process.execPath, outfile];
  },
  Python: (source) => Promise.resolve(['python3', '-c', source]),
};

type Values = Readonly<Record<string, string>>;

interface Outcome {
  readonly out: string[];
  readonly err: string;
}

/** What the sample prints where the default address and these values are replaced in it. */
async function outcomeOf({ lang, source }: CodeSample, url: string, values: Values): Promise<Outcome> {
  const changed = Object.entries({ 'http://127.0.0.1:8080': url, ...values }).reduce(
    (text, [from, to]) => text.replaceAll(from, to),
    source,
  );
  const [program, ...args] = (await runners[lang]?.(changed)) ?? [''];
  return run(program, args);
}

/** What a program prints, whether it fails or not. */
function run(program: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: home }, (_error, out, err) => {
      resolve({ out: out.split('\n').slice(0, -1), err });
    });
  });
}

const listed = [...exampleCollections(), ...collections]
  .map(({ id }) => id)
  .filter((id) => !id.startsWith('throws-'));
const campus = { 'example-team': 'example-campus' };
const everyone = exampleUsers(5000).map(({ id }) => id);

/** What the samples print of something that is there. */
const answers: readonly { id: string; values: Values; lines: readonly string[] }[] = [
  { id: 'listCollections', values: {}, lines: listed },
  { id: 'getCollection', values: campus, lines: ['5000'] },
  { id: 'listUsers', values: campus, lines: everyone },
  { id: 'getUser', values: {}, lines: ['ACTIVE'] },
  { id: 'streamUsers', values: campus, lines: everyone },
];

const missing = { values: { 'example-team': 'nope' }, words: /There is no such collection\./ };
const invalid = { values: { 'example-team': 'a!b' }, words: /Correct these parameters: collectionId\./ };
const broken = { 'example-team': 'throws-InternalServerError-on-page-2' };

/** What the samples say of something that fails: of one code in words of their own, of any other its detail. */
const failures: readonly { id: string; exception?: string; values: Values; words: RegExp }[] = [
  {
    id: 'listCollections',
    exception: 'AccessDeniedException',
    values: {},
    words: /This service may not list collections\./,
  },
  {
    id: 'listCollections',
    exception: 'ValidationException',
    values: {},
    words: /Rekognition refused/,
  },
  { id: 'getCollection', ...missing },
  { id: 'getCollection', ...invalid },
  { id: 'listUsers', ...missing },
  { id: 'listUsers', ...invalid },
  { id: 'getUser', values: { 'jane.doe': 'nobody' }, words: /There is no such user\./ },
  { id: 'getUser', values: { 'example-team': 'nope' }, words: /There is no collection with this id\./ },
  { id: 'streamUsers', ...missing },
  { id: 'streamUsers', ...invalid },
  { id: 'streamUsers', values: broken, words: /Incomplete: \w+\. Go on with nextToken=[\w-]{60,}/ },
];

function sampleOf(id: string, lang: string): CodeSample {
  const sample = operations
    .find(({ operationId }) => operationId === id)
    ?.['x-codeSamples']?.find((each) => each.lang === lang);
  if (!sample) throw new Error(`there is no such sample: ${id}, ${lang}`);
  return sample;
}

const languages = [
  { lang: 'Shell', label: 'curl', testHere: testWith('curl') },
  { lang: 'JavaScript', label: 'fetch', testHere: test },
  { lang: 'TypeScript', label: 'Typed client', testHere: test },
  { lang: 'Python', label: 'Python', testHere: testWith('python') },
];

test('Every operation that a caller may need a token for has a sample in each language', () => {
  const wanted = languages.map(({ lang, label }) => ({ lang, label, source: expect.any(String) }));
  expect(operations.map((get) => [get.operationId, get['x-codeSamples']])).toEqual(
    answers.map(({ id }) => [id, wanted]),
  );
});

test('The samples in TypeScript compile in a strict project', async () => {
  const files = answers.map(({ id }) => `${id}.ts`);
  for (const { id } of answers) writeFileSync(join(home, `${id}.ts`), sampleOf(id, 'TypeScript').source);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    lib: ['es2022', 'dom'],
    types: [],
    paths: { '@rollcall/client': [client] },
  };
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { out } = await run(process.execPath, [tsc, '-p', home]);
  expect(out).toEqual([]);
});

describe.each(languages)('The sample in $lang', ({ lang, testHere }) => {
  testHere.each(answers)('of $id reads all that is there', async ({ id, values, lines }) => {
    const { out, err } = await outcomeOf(sampleOf(id, lang), urls.reading, values);
    expect(err).toBe('');
    expect(out.toSorted()).toEqual(lines.toSorted());
  });

  testHere.each(failures)('of $id says $words for $values', async ({ id, values, words, ...failure }) => {
    exception = failure.exception ?? '';
    const url = failure.exception === undefined ? urls.reading : urls.refused;
    const { out, err } = await outcomeOf(sampleOf(id, lang), url, values);
    expect([...out, err].join('\n')).toMatch(words);
  });
});
