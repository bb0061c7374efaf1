import { readFileSync } from 'node:fs';

import { beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { everyMetric } from './support/every-metric.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const read = (name: string) => readFileSync(new URL(`../deploy/${name}`, import.meta.url), 'utf8');
const dashboard = JSON.parse(read('grafana/rollcall.json')) as {
  panels: Panel[];
  templating: { list: { name: string }[] };
};
const alerts = parse(read('prometheus/alerts.yaml')) as { groups: { rules: Rule[] }[] };
const rules = alerts.groups.flatMap((group) => group.rules);
const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, expr })),
);

/** What Prometheus itself adds to every sample, and its own metric. */
const TARGET_LABELS = ['job', 'instance'];
const known = new Map<string, Set<string>>([['up', new Set(TARGET_LABELS)]]);

beforeAll(async () => {
  const { samples } = await everyMetric();
  for (const { name, labels } of samples) {
    known.set(name, new Set([...(known.get(name) ?? TARGET_LABELS), ...Object.keys(labels)]));
  }
});

/** The names of a PromQL expression that stand for nothing here: each metric, and each label of these metrics. */
function unknownNames(expr: string): string[] {
  const bare = expr.replace(/"[^"]*"/g, '""');
  const selectors = [...bare.matchAll(/\b([a-z_]\w*)\s*(?:\{([^}]*)\})?(?!\w*\s*\()/g)].filter(
    ([, name = '']) => /^(rollcall|nodejs|process)_|^up$/.test(name),
  );
  const wrong = selectors.flatMap(([, name = '', matchers = '']) => {
    const labels = known.get(name);
    if (!labels) return [name];
    return [...matchers.matchAll(/(\w+)\s*[=!]/g)]
      .map(([, label = '']) => label)
      .filter((label) => !labels.has(label));
  });
  const ofThese = new Set(selectors.flatMap(([, name = '']) => [...(known.get(name) ?? [])]));
  const grouped = [...bare.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
  return [...wrong, ...grouped.filter((label) => !ofThese.has(label))];
}

test('a wrong metric, matcher or grouping would be found', () => {
  expect(unknownNames('sum by (colour) (rate(rollcall_pages_total{source="x", taste=~"y"}[5m]))')).toEqual([
    'taste',
    'colour',
  ]);
  expect(unknownNames('rate(rollcall_page_total[5m])')).toEqual(['rollcall_page_total']);
});

test.each(queries)('the panel "$title" asks for what exists: $expr', ({ expr }) => {
  expect(expr).toMatch(/(rollcall|nodejs|process)_|up\{/);
  expect(unknownNames(expr)).toEqual([]);
});

test.each(rules)('the alert $alert asks for what exists, and says what to do', ({ expr, annotations }) => {
  expect(expr).toMatch(/(rollcall|nodejs|process)_|up\{/);
  expect(unknownNames(expr)).toEqual([]);
  expect(Object.keys(annotations)).toEqual(['summary', 'description', 'action', 'runbook']);
});

test('docs/operations.md has a section for each alert, in their order, and each alert names its own', () => {
  const [, section = ''] = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8').split(
    '\n## Alerts\n',
  );
  const headings = [...section.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(rules.map(({ alert }) => alert));
  for (const { alert, annotations } of rules) {
    expect(annotations['runbook']).toBe(`docs/operations.md#${alert.toLowerCase()}`);
  }
});

test('the dashboard has its data source as a variable, and shows every metric of the service', () => {
  expect(dashboard.templating.list.map(({ name }) => name)).toEqual([
    'datasource',
    'job',
    'instance',
    'operation',
  ]);
  const shown = queries.map(({ expr }) => expr).join('\n');
  const own = [...known.keys()].filter((name) => name.startsWith('rollcall_'));
  const names = new Set(own.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
  expect([...names].filter((name) => !shown.includes(name))).toEqual([]);
});
