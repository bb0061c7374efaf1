import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';

import { readConfig } from '../src/config.ts';
import { builtService, listening } from './support/built-service.ts';
import { imageEnv, unknownVariables } from './support/deploy-files.ts';
import { languages, printedCommands, type PrintedCommand } from './support/printed-commands.ts';
import { testWith } from './support/tools.ts';

jest.setTimeout(60_000);

const testWithCurl = testWith('curl');

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string) => readFileSync(join(root, name), 'utf8');

/** The commands that another file runs or checks, and what shows in that file that it does. */
const ELSEWHERE: readonly [command: RegExp, file: string, text: string][] = [
  [/^\.ci\/run$/, '.github/workflows/ci.yml', 'run: .ci/run'],
  [/^npm ci( && npm test)?$/, '.ci/run', 'npm ci\n'],
  [/^npm test( -- test\/http)?$/, 'package.json', '"npm test -- --coverage"'],
  [/^npm run (types|lint|lint:contract|test:coverage|build)$/, '.ci/run', 'npm run $1\n'],
  [/^npm run sbom$/, '.ci/run', 'npm run --silent sbom | jq -e'],
  [/^npm ci --dry-run --ignore-scripts$/, '.ci/run', 'npm ci --dry-run --ignore-scripts'],
  [/^npm run dev$/, 'test/dev.test.ts', "spawn('npm', ['run', 'dev']"],
  [/^npm run client:generate$/, 'package.json', 'npm run client:generate -- --check'],
  [/^npm run client:build$/, 'clients/typescript/package.json', 'run client:build'],
  [/^cd clients\/typescript && npm pack/, 'test/clients/package.test.ts', "'npm', ['pack'"],
  [/^cd your-project && npm install/, 'test/clients/package.test.ts', "'npm', ['install'"],
  [/^npm ci && npm start$/, 'test/examples/start.test.ts', "spawn('npm', ['start']"],
  [/^apt-get install chromium$/, '.ci/run', 'need chromium chromium'],
  [/^apt-get install redis-server$/, '.ci/run', 'need redis-server redis-server'],
  [/^apt-get install prometheus nginx$/, '.ci/run', 'need promtool prometheus\nneed nginx nginx'],
  [/^apt-get install curl jq python3$/, '.ci/run', 'need curl curl\nneed jq jq\nneed python3 python3'],
  [/^apt-get install default-jre-headless$/, '.ci/run', 'need java default-jre-headless'],
  [/^cp openapi.yaml contract\/released.yaml$/, 'test/workflows.test.ts', "'contract/released.yaml'"],
  [/^node .ci\/check-release.js v/, 'test/workflows.test.ts', "'.ci/check-release.js', tag"],
  [/^docker compose up$|^CURSOR_SECRETS=.* docker compose /, 'test/deploy/compose.test.ts', 'docker compose'],
  [/^kubectl /, 'test/deploy/kubernetes.test.ts', "startsWith('kubectl ')"],
  [/^ACL SETUSER /, 'test/redis/password.test.ts', 'ACL SETUSER'],
];

/** The commands that nothing runs, and why not. */
const NOT_RUN: readonly [command: RegExp, reason: string][] = [
  [/^npm run format$/, 'It rewrites files; npm run lint checks the same ones.'],
  [/^aws /, 'Needs an AWS account.'],
  [/^docker (stop|start|ps -a)$/, 'Needs an engine, and names no file or setting of this project.'],
  [/^node bench\/\w+\.js$/, 'Takes minutes, and a machine of its own; the file is checked to exist.'],
];

const isOf = (page: string) => (printed: PrintedCommand) => printed.page === page;
const asksService = ({ command }: PrintedCommand) => command.includes('http://127.0.0.1:8080');
/** Those of docs/errors.md are run by test/try-it.test.ts. */
const requests = printedCommands.filter(
  (printed) => asksService(printed) && !isOf('docs/errors.md')(printed),
);
const starts = printedCommands.filter(
  ({ page, command }) =>
    /(npm start|npm run rekognition|node dist\/server\.js)$/.test(command) &&
    page !== 'examples/web/README.md',
);
const images = printedCommands.filter(({ command }) => command.startsWith('docker build'));

const built = builtService();
let url = '';
const directory = mkdtempSync(join(tmpdir(), 'printed-commands-'));

beforeAll(async () => {
  url = await listening(built().start({ PORT: '0' }));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** Without what differs each time: ids of requests, page tokens and with them their lengths, times. */
function lasting(text: string): string[] {
  return text
    .replace(/\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/g, 'ID')
    .replace(/\bA[\w-]{60,}/g, 'TOKEN')
    .replace(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/^(Age|Date|Content-Length|RateLimit): .*$/gm, '$1:')
    .replaceAll('\r', '')
    .trim()
    .split('\n')
    .map((line) => line.trim());
}

testWithCurl.each(requests)('$page: $first prints what it says there', ({ command, output }) => {
  const { stdout, stderr } = spawnSync('bash', ['-c', command.replaceAll('http://127.0.0.1:8080', url)], {
    cwd: directory,
    encoding: 'utf8',
  });
  // On a screen there is no meter of curl's.
  const errors = stderr.split('\n').filter((line) => line.startsWith('curl: '));
  const printed = lasting([...errors, stdout].join('\n'));
  // Where no output is printed, the command reads all pages.
  if (output === undefined) expect(printed.join().match(/"userId"/g)).toHaveLength(5_000);
  else expect(printed).toEqual(lasting(output));
});

testWithCurl.each(starts)('$page: $first starts what listens', async ({ command }) => {
  const line = command.replace(/^npm run build\n/, '');
  const started = await listening(built().startBy(line, { PORT: '0', REKOGNITION_PORT: '0' }));
  // The embedded Rekognition alone knows no route, and says so in words of AWS.
  const { status } = await fetch(`${started}/livez`);
  expect(status).toBe(line === 'npm run rekognition' ? 404 : 200);
});

test.each(images)('$page: $first and docker run name settings with which the image starts', ({ command }) => {
  const [, options = ''] = /\ndocker run (.+) rollcall$/.exec(command) ?? [];
  const env = Object.fromEntries(
    [...options.matchAll(/-e (\w+)=(\S+)/g)].map(([, ...pair]) => pair),
  ) as Record<string, string>;
  expect(unknownVariables(Object.keys(env))).toEqual([]);
  const { http } = readConfig({ ...imageEnv, ...env, CURSOR_SECRETS: 'k'.repeat(32) });
  expect(options).toContain(`-p 8080:${http.port} `);
});

test('kill -USR1 opens the inspector on loopback', async () => {
  const run = built().start({ PORT: '0', NODE_OPTIONS: '--inspect-port=0' });
  await listening(run);
  run.child.kill('SIGUSR1');
  while (!run.err().includes('Debugger listening on ws://127.0.0.1:')) {
    await new Promise((resolve) => run.child.stderr?.once('data', resolve));
  }
  expect(run.child.exitCode).toBeNull();
});

test('Every command that a page prints is run, checked by another file, or listed here with the reason', () => {
  const runHere = new Set([...requests, ...starts, ...images]);
  const others = printedCommands.filter(
    (printed) =>
      !runHere.has(printed) &&
      !(isOf('docs/errors.md')(printed) && asksService(printed)) &&
      printed.command !== 'kill -USR1',
  );
  const listed = [...ELSEWHERE.map(([command]) => command), ...NOT_RUN.map(([command]) => command)];
  const lines = others.flatMap(({ page, command }) =>
    command
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((line) => ({ page, line })),
  );
  expect(lines.filter(({ line }) => !listed.some((command) => command.test(line)))).toEqual([]);
  // Nor is anything listed that no page prints any more.
  expect(listed.filter((command) => !lines.some(({ line }) => command.test(line)))).toEqual([]);
});

test('Each file that is said to run a command does', () => {
  const lines = printedCommands.flatMap(({ command }) => command.split('\n'));
  for (const [command, file, text] of ELSEWHERE) {
    for (const line of lines.filter((candidate) => command.test(candidate))) {
      const [, name = ''] = command.exec(line) ?? [];
      expect([line, read(file)]).toEqual([line, expect.stringContaining(text.replace('$1', name))]);
    }
  }
});

test('Each program of bench that a page names is there, and can be parsed', () => {
  const files = printedCommands.flatMap(({ command }) =>
    [...command.matchAll(/^node (bench\/\S+)$/gm)].map(([, file = '']) => file),
  );
  expect(files).toContain('bench/quota.js');
  for (const file of new Set(files)) {
    expect([file, existsSync(join(root, file))]).toEqual([file, true]);
    execFileSync(process.execPath, ['--check', join(root, file)]);
  }
});

test('A command stands in a block of sh, in which it is looked for', () => {
  expect([...languages].toSorted()).toEqual(['', 'json', 'mermaid', 'sh', 'ts', 'yaml']);
});
