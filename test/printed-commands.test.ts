import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';

import { buildService, listening, type BuiltService } from './support/built-service.ts';
import { testWith } from './support/tools.ts';

jest.setTimeout(60_000);

const testWithCurl = testWith('curl');

/** Each command to a running service that a page prints, with the output that it prints behind it, if any. */
const commands = ['README.md', 'docs/trying.md'].flatMap((page) => {
  const text = readFileSync(new URL(`../${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(/```sh\n([^]*?)```\n(?:\n```\n([^]*?)```)?/g)]
    .map(([, command = '', output]) => ({ page, command, output, first: command.split('\n')[0] }))
    .filter(({ command }) => command.includes('http://127.0.0.1:8080'));
});

let built: BuiltService | undefined;
let url = '';
const directory = mkdtempSync(join(tmpdir(), 'printed-commands-'));

beforeAll(async () => {
  built = buildService();
  url = await listening(built.start({ PORT: '0' }));
}, 120_000);

afterAll(() => {
  built?.kill();
  built?.remove();
  rmSync(directory, { recursive: true });
});

/** Without what is another one each time: ids of requests, page tokens and with them their lengths, times. */
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

testWithCurl.each(commands)('$page: $first prints what it says there', ({ command, output }) => {
  const { stdout, stderr } = spawnSync('bash', ['-c', command.replaceAll('http://127.0.0.1:8080', url)], {
    cwd: directory,
    encoding: 'utf8',
  });
  // On a screen there is no meter of curl's.
  const errors = stderr.split('\n').filter((line) => line.startsWith('curl: '));
  const printed = lasting([...errors, stdout].join('\n'));
  // Where no output is printed it is the walk through all pages.
  if (output === undefined) expect(printed.join().match(/"userId"/g)).toHaveLength(5_000);
  else expect(printed).toEqual(lasting(output));
});

test('there are commands in each page', () => {
  expect(new Set(commands.map(({ page }) => page)).size).toBe(2);
});
