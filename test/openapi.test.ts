import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

import { problems } from '../src/errors.ts';

type Json = Readonly<Record<string, unknown>>;

const document = parse(readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8')) as Json;
const ajv = new Ajv2020({ strict: false });
ajv.addSchema(document, 'contract');

interface Part {
  /** Where it stands in the document. */
  readonly at: readonly string[];
  readonly value: Json;
}

/** Every object of the document that is not itself an example. */
function parts(value: unknown = document, at: readonly string[] = []): Part[] {
  if (typeof value !== 'object' || value === null || at.at(-1) === 'value') return [];
  const inside = Object.entries(value).flatMap(([name, member]) => parts(member, [...at, name]));
  return Array.isArray(value) ? inside : [{ at, value: value as Json }, ...inside];
}

const pointer = (at: readonly string[]): string =>
  at.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** What stands behind a `$ref`, or the value itself. */
function resolved(value: Json): Json {
  const { $ref } = value;
  if (typeof $ref !== 'string') return value;
  const names = $ref.slice(2).split('/');
  return names.reduce<unknown>((part, name) => (part as Json)[name], document) as Json;
}

function faultsOf(at: readonly string[], example: unknown): unknown {
  const validate = ajv.compile({ $ref: `contract#${encodeURI(pointer(at))}` });
  return validate(example) ? null : { example, errors: validate.errors };
}

/** Whether a reader meets it by name, and so must be told what it is. */
function isNamed({ at }: Part): boolean {
  const [group = '', inside] = [at.at(-2), at.at(-3)];
  if (inside === 'components') return group !== 'examples';
  return ['parameters', 'headers', 'responses', 'properties', 'tags'].includes(group);
}

test('Every parameter, header, status, schema, property and tag is described', () => {
  const silent = parts()
    .filter(isNamed)
    .filter(({ value }) => typeof resolved(value)['description'] !== 'string')
    .map(({ at }) => pointer(at));
  expect(silent).toEqual([]);
});

test('Every parameter and header that has an example has one that is valid', () => {
  const withExample = parts().filter(({ value }) => 'schema' in value && 'example' in value);
  expect(withExample.length).toBeGreaterThan(8);
  for (const { at, value } of withExample) expect(faultsOf([...at, 'schema'], value['example'])).toBeNull();
});

test('Every body has examples, and they are valid', () => {
  const bodies = parts().filter(({ at, value }) => at.at(-2) === 'content' && 'schema' in value);
  expect(bodies.length).toBeGreaterThan(10);
  for (const { at, value } of bodies) {
    const examples = Object.values((value['examples'] ?? {}) as Record<string, Json>).map(resolved);
    expect({ at, count: examples.length }).not.toEqual({ at, count: 0 });
    for (const example of examples) expect(faultsOf([...at, 'schema'], example['value'])).toBeNull();
  }
});

test('Every example of a problem has the status, the title and the verdict of its code', () => {
  const { examples } = document['components'] as { examples: Record<string, { value: Json }> };
  for (const { value } of Object.values(examples)) {
    const { title, retryable, status } = problems[value['code'] as keyof typeof problems];
    const statuses = value['code'] === 'MALFORMED_REQUEST' ? [400, 408, 431] : [status];
    expect(value).toMatchObject({ title, retryable });
    expect(statuses).toContain(value['status']);
  }
});

test('ErrorCode tells of every code its status, whether to retry, and what to do', () => {
  const { ErrorCode } = (document['components'] as { schemas: Record<string, Json> }).schemas;
  const lines = String(ErrorCode?.['description']).matchAll(
    /^- `(\w+)` \((\d+)[^)]*, (not )?retryable\): .+$/gm,
  );
  const rows = [...lines];
  expect(rows.map(([, code, status, not]) => [code, Number(status), not === undefined])).toEqual(
    Object.entries(problems).map(([code, { status, retryable }]) => [code, status, retryable]),
  );
  expect(ErrorCode?.['enum']).toEqual(Object.keys(problems));
});
