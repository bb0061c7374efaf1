import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { readConfig } from '../src/config.ts';
import { problems } from '../src/errors.ts';
import { END_MS, imageEnv, unknownVariables } from './support/deploy-files.ts';
import { everyMetric } from './support/every-metric.ts';
import { settingsWithDefaults } from './support/settings.ts';

const read = (name: string) => readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8');

/** The rows of the table of settings: variable and default, without their backticks. */
const rows = [...read('settings.md').matchAll(/^\| `([A-Z_<>]+)` *\| ([^|]*?) *\|/gm)].map(
  ([, name = '', fallback = '']) => ({ name, fallback }),
);

test('docs/settings.md has one row for each setting, in their order, with the default of those that have one', () => {
  const written = rows.map(({ name, fallback }) => ({
    name,
    fallback: /^`([^`]+)`$/.exec(fallback)?.[1] ?? '',
  }));
  expect(written).toEqual(settingsWithDefaults());
});

test('.env.example has one line for each setting, in their order, with its default', () => {
  const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  const lines = [...example.matchAll(/^# .+\n#([A-Z_<>]+)=(.*)$/gm)];
  expect(lines.map(([, name, fallback]) => ({ name, fallback }))).toEqual(settingsWithDefaults());
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

test('docs/errors.md says in one table what a frontend does with each code: those to repeat say how long to wait', () => {
  const stated = [...read('errors.md').matchAll(/^\| `([A-Z_]+)` *\| (\d+) *\|.*\| ([^|]+?) *\|$/gm)];
  expect(stated.map(([, code, status]) => [code, Number(status)])).toEqual(
    Object.entries(problems).map(([code, { status }]) => [code, status]),
  );
  for (const [, code = '', , wait] of stated) {
    expect([code, wait !== 'no']).toEqual([code, problems[code as keyof typeof problems].retryable]);
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

test('the task definition in docs/running.md is JSON whose settings the service takes, and gives it time to stop', () => {
  const [, json = ''] = /```json\n([^]*?)\n```/.exec(read('running.md')) ?? [];
  const { containerDefinitions } = JSON.parse(json) as {
    containerDefinitions: {
      environment: { name: string; value: string }[];
      secrets: { name: string }[];
      portMappings: { containerPort: number }[];
      stopTimeout: number;
    }[];
  };
  const [container] = containerDefinitions;
  if (!container) throw new Error('There is no container');
  const environment = Object.fromEntries(container.environment.map(({ name, value }) => [name, value]));
  const secrets = { CURSOR_SECRETS: 'k'.repeat(32), REDIS_URL: 'rediss://:p@redis:6379' };
  expect(container.secrets.map(({ name }) => name)).toEqual(Object.keys(secrets));
  expect(unknownVariables(Object.keys(environment))).toEqual([]);
  const { http, shutdown } = readConfig({ ...imageEnv, ...environment, ...secrets });
  expect(container.portMappings.map(({ containerPort }) => containerPort)).toEqual([
    http.port,
    http.metricsPort,
  ]);
  expect(shutdown.delayMs + shutdown.graceMs + END_MS).toBeLessThanOrEqual(container.stopTimeout * 1000);
});
