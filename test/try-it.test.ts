import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, jest, test } from '@jest/globals';

import { problems } from '../src/errors.ts';
import { builtService, listening } from './support/built-service.ts';
import { readPage } from './support/printed-commands.ts';
import { testWith } from './support/tools.ts';

jest.setTimeout(90_000);

const testWithCurl = testWith('curl');

/** The codes that nobody can have by asking a service on a laptop, and why. */
const NOT_TRIED: Readonly<Record<string, string>> = {
  FORBIDDEN: 'needs an issuer; test/auth/authenticate.test.ts has one',
  INTERNAL_ERROR: 'is a bug',
};

interface Entry {
  readonly code: string;
  readonly env: Readonly<Record<string, string>>;
  readonly targets: readonly string[];
  readonly stopsFirst: boolean;
}

/** What "Try it" says below each heading of docs/errors.md: settings to start with, and what to ask for. */
const entries: readonly Entry[] = readPage('docs/errors.md')
  .split('\n## ')
  .slice(1)
  .map((entry) => {
    const [, tryIt = ''] = entry.split('**Try it:**');
    const spans = [...tryIt.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
    const settings = spans.flatMap((span) => /^([A-Z_]+)=(.+)$/.exec(span)?.slice(1) ?? []);
    const targets = spans.filter((span) => /^(\/|throws-|nope$|curl |for )/.test(span));
    return {
      code: entry.split('\n')[0] ?? '',
      env: Object.fromEntries(pairs(settings)),
      targets: targets.length > 0 ? targets : ['/collections/example-team/users'],
      stopsFirst: tryIt.includes('Ctrl-C'),
    };
  })
  .filter(({ code }) => !(code in NOT_TRIED));

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly retryAfter?: number;
}

/** The rows of docs/trying.md that name collections and what they are answered with. */
const rows = [...readPage('docs/trying.md').matchAll(/^\| (`throws-[^|]+?) *\| (\d{3}) `([A-Z_]+)`/gm)].map(
  ([, collections = '', status, code = '']) => ({
    status: Number(status),
    code,
    targets: [...collections.matchAll(/`([^`]+)`/g)].map(([, collection = '']) => collection),
  }),
);

const built = builtService();

function pairs(list: readonly string[]): [string, string][] {
  return list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1] ?? ''] as [string, string]] : []));
}

/** What a reader types: the command that is printed, or the path or the collection by curl. */
function commandFor(target: string): string {
  if (/^(curl|for) /.test(target)) return target;
  const path = target.startsWith('/') ? target : `/collections/${target}/users`;
  return `curl -s 'http://127.0.0.1:8080${path}'`;
}

/** The codes that a command prints. */
async function codesOf(url: string, target: string): Promise<string[]> {
  const command = commandFor(target).replaceAll('http://127.0.0.1:8080', url);
  const shell = spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  shell.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(shell, 'close');
  return [...text.matchAll(/"code":"([A-Z_]+)"/g)].map(([, code = '']) => code);
}

/** The codes of a few requests, four at once: a limit or a suspension needs more than one. */
async function ask(url: string, target: string, wanted: string): Promise<Set<string>> {
  const codes = new Set<string>();
  const times = target.startsWith('for ') ? 1 : 4;
  for (let round = 0; round < 4 && !codes.has(wanted); round += 1) {
    const answers = await Promise.all(Array.from({ length: times }, () => codesOf(url, target)));
    for (const code of answers.flat()) codes.add(code);
  }
  return codes;
}

testWithCurl.concurrent.each(entries)(
  '$code is what "Try it" of docs/errors.md leads to',
  async (entry: Entry) => {
    const { code, env, targets, stopsFirst } = entry;
    const run = built().start({ PORT: '0', ...env });
    const url = await listening(run);
    if (stopsFirst) run.child.kill('SIGINT');
    for (const [at, target] of targets.entries()) {
      expect([target, ...(await ask(url, target, code))]).toContain(code);
      // As the page says of one failing collection after another.
      await fetch(`${url}/collections/example-team/users?maxResults=${at + 1}`);
    }
  },
);

test('docs/errors.md tells for every code how to try it, but for those that cannot be tried', () => {
  const codes = entries.map(({ code }) => code);
  expect([...codes, ...Object.keys(NOT_TRIED)].toSorted()).toEqual(Object.keys(problems).toSorted());
});

/** The problem that a collection is answered with; after a refusal for a while, as the page says, that of a retry. */
async function problemOf(
  url: string,
  collection: string,
  wanted: string,
): Promise<{ status: number; code: string }> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(`${url}/collections/${collection}/users`);
    const { status, code, retryAfter } = (await response.json()) as Problem;
    if (retryAfter === undefined || code === wanted || attempt === 5) return { status, code };
    await sleep(retryAfter * 1000);
  }
}

test.concurrent.each(rows)(
  'The collections of docs/trying.md for $status $code are answered so: $targets',
  async ({ status, code, targets }) => {
    const url = await listening(built().start({ PORT: '0' }));
    for (const [at, target] of targets.entries()) {
      expect([target, await problemOf(url, target, code)]).toEqual([target, { status, code }]);
      await fetch(`${url}/collections/example-team/users?maxResults=${at + 1}`);
    }
  },
);

test('docs/trying.md has a row for each kind of failure', () => {
  expect(rows.length).toBeGreaterThan(8);
});
