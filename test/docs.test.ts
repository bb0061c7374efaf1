import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { settings } from '../src/settings/settings.ts';
import { problems } from '../src/errors.ts';
import { everyMetric } from './support/every-metric.ts';

const read = (name: string) => readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8');

/** The rows of the table of settings: variable and default, without their backticks. */
const rows = [...read('settings.md').matchAll(/^\| `([A-Z_]+)` *\| ([^|]*?) *\|/gm)].map(
  ([, name = '', fallback = '']) => ({ name, fallback }),
);

test('docs/settings.md has one row for each setting, in their order', () => {
  expect(rows.map(({ name }) => name)).toEqual(Object.keys(settings.shape));
});

test('docs/settings.md states the defaults', () => {
  const defaults = settings.parse({}) as Record<string, unknown>;
  const stated = rows.filter(({ fallback }) => /^`[^`]+`$/.test(fallback));
  expect(stated.length).toBeGreaterThan(8);
  for (const { name, fallback } of stated) {
    expect(`${name}=${String(defaults[name])}`).toBe(`${name}=${fallback.slice(1, -1)}`);
  }
});

test('docs/settings.md promises no default to the settings without one', () => {
  const defaults = settings.parse({}) as Record<string, unknown>;
  const unstated = rows.filter(({ fallback }) => !/^`[^`]+`$/.test(fallback)).map(({ name }) => name);
  const without = Object.keys(settings.shape).filter(
    (name) => defaults[name] === undefined || (Array.isArray(defaults[name]) && defaults[name].length === 0),
  );
  expect(unstated).toEqual(without);
});

test('docs/errors.md has one heading for each code, in their order', () => {
  const headings = [...read('errors.md').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(Object.keys(problems));
});

test('docs/errors.md states the status of each code, and whether a retry makes sense', () => {
  const text = read('errors.md');
  for (const [code, { status, retryable }] of Object.entries(problems)) {
    const [, entry = ''] = text.split(`\n## ${code}\n`);
    const [, stated, verdict] = /^\s*\*\*(\d{3}),? ([^*]*?)\.?\*\*/.exec(entry) ?? [];
    expect([code, stated, verdict?.startsWith('not')]).toEqual([code, String(status), !retryable]);
  }
});

test('docs/metrics.md has one row for each metric of the service, with its type, labels and meaning', async () => {
  const cells = (row: string) => row.split('|').map((cell) => cell.trim());
  const stated = read('metrics.md')
    .split('\n')
    .filter((line) => line.startsWith('| `rollcall_'))
    .map((row) => cells(row).slice(1, -1));
  const { described } = await everyMetric();
  const wanted = described
    .filter(({ name }) => name.startsWith('rollcall_'))
    .map(({ name, type, labels, help }) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]);
  expect(stated).toEqual(wanted);
});
