import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { operations } from '../src/operations/index.ts';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const sources = readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.ts'),
);

/** The files that a file of src imports, types and dynamic imports included. */
function importsOf(path: string): string[] {
  const found = read(`src/${path}`).matchAll(/(?:from |import\()'(\.[^']+)'/g);
  return [...found].map(([, target = '']) => posix.join(posix.dirname(path), target));
}

/** The nodes on circles and those that lead to one: without a circle, none is left when those that lead nowhere go again and again. */
function onCircles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const left = new Map(graph);
  for (let size = -1; size !== left.size;) {
    size = left.size;
    for (const [node, targets] of left) if (!targets.some((target) => left.has(target))) left.delete(node);
  }
  return [...left.keys()];
}

test('src has no circle of files, whether they import values or types', () => {
  const graph = new Map(sources.map((path) => [path, importsOf(path)]));
  expect([...graph.values()].flat().length).toBeGreaterThan(sources.length);
  expect(onCircles(graph)).toEqual([]);
});

test('src has no circle of folders, whether their files import values or types', () => {
  const folderOf = (path: string) => (path.includes('/') ? posix.dirname(path) : path);
  const graph = new Map<string, string[]>();
  for (const path of sources) {
    const folder = folderOf(path);
    const others = importsOf(path)
      .map(folderOf)
      .filter((other) => other !== folder);
    graph.set(folder, [...(graph.get(folder) ?? []), ...others]);
  }
  expect(onCircles(graph)).toEqual([]);
});

/** What one operation knows, and no other part needs to. */
const OF_AN_OPERATION =
  /ListUsers|DescribeCollection|ListCollections|\b(UserId|UserStatus|userId|userStatus|userCount)\b|(?<![a-z])users(?![a-z])/i;

/** The settings and the examples that a start prints may name operations. */
const MAY_NAME = ['settings.ts', 'banner.ts'];

/** Names that are promised outside, and the one call that is made to find the endpoint and is never sent. */
const EXCEPTIONS = [
  'http/observe.ts: ...(stream && { stream: { pages: stream.pages, users: stream.items, end: stream.end } }),',
  "http/observe.ts: 'rollcall.stream.users': stream.items,",
  "metrics/metrics.ts: name: 'rollcall_stream_users_total',",
  "metrics/metrics.ts: help: 'Users written to streams.',",
  "rekognition/resolve-endpoint.ts: import { ListUsersCommand, RekognitionClient } from '@aws-sdk/client-rekognition';",
  "rekognition/resolve-endpoint.ts: await client.send(new ListUsersCommand({ CollectionId: 'none' }));",
];

test('nothing of src outside operations and embedded knows an operation of Rekognition or its members', () => {
  const others = sources.filter((path) => !/^(operations|embedded)\//.test(path) && !MAY_NAME.includes(path));
  const named = others.flatMap((path) =>
    read(`src/${path}`)
      .split('\n')
      .filter((line) => OF_AN_OPERATION.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(named.sort()).toEqual([...EXCEPTIONS].sort());
});

interface Response {
  readonly $ref?: string;
  readonly content?: Record<string, { example?: unknown; examples?: object }>;
}
interface Contract {
  readonly paths: Record<string, { get?: { responses: Record<string, Response> } } | undefined>;
  readonly components: { responses: Record<string, Response> };
}

const contract = parse(read('openapi.yaml')) as Contract;
const index = [...read('src/operations/index.ts').matchAll(/^import \{ \w+ \} from '\.\/(.+)\.ts';$/gm)];
const files = index.map(([, name = '']) => name).sort();

test('the list of operations has one line for each, and each has one file and one test file', () => {
  expect(operations).toHaveLength(files.length);
  const own = readdirSync(new URL('src/operations', root)).map((name) => name.replace('.ts', ''));
  const shared = ['index', 'params'];
  expect(own.filter((name) => !shared.includes(name)).sort()).toEqual(files);
  expect(files.filter((name) => !existsSync(new URL(`test/operations/${name}.test.ts`, root)))).toEqual([]);
});

test('each operation has one path in openapi.yaml, with an example for every status that has a body', () => {
  for (const { path } of operations) {
    const documented = contract.paths[path.replace(/:(\w+)/g, '{$1}')]?.get;
    const responses = Object.entries(documented?.responses ?? {}).map(([status, response]) => {
      const shared = response.$ref?.replace('#/components/responses/', '');
      return { status, response: shared === undefined ? response : contract.components.responses[shared] };
    });
    expect([path, responses.length > 0]).toEqual([path, true]);
    const lacking = responses.filter(({ response }) =>
      Object.values(response?.content ?? {}).some(({ example, examples }) => !(example ?? examples)),
    );
    expect([path, lacking.map(({ status }) => status)]).toEqual([path, []]);
  }
});
