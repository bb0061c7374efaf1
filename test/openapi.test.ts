import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

import { problems } from '../src/errors.ts';
import { builtDocs } from './support/docs.ts';
import { formats } from './support/formats.ts';

type Json = Readonly<Record<string, unknown>>;

const document = parse(readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8')) as Json;
const builtFiles = builtDocs();
const ajv = new Ajv2020({ strict: false, formats });
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

/** Whether a reader meets it by name, so that it needs a description. */
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

test('Every header and every parameter has an example that is valid, but for what only an earlier answer can give', () => {
  const shown = parts().filter(
    ({ at, value }) =>
      at.at(-3) === 'components' && ['parameters', 'headers'].includes(at.at(-2) ?? '') && !('$ref' in value),
  );
  expect(shown.length).toBeGreaterThan(15);
  const silent = shown.filter(({ value }) => !('example' in value)).map(({ at }) => at.at(-1));
  // Mocks and imported collections send the examples of parameters.
  expect(silent).toEqual(['NextToken', 'ResumeToken', 'IfNoneMatch', 'RequestId']);
  for (const { at, value } of shown.filter(({ value: { example } }) => example !== undefined))
    expect(faultsOf([...at, 'schema'], value['example'])).toBeNull();
});

test('Every body has examples, and they are valid', () => {
  const bodies = parts().filter(({ at, value }) => at.at(-2) === 'content' && 'schema' in value);
  expect(bodies.length).toBeGreaterThan(10);
  for (const { at, value } of bodies) {
    const examples = Object.values((value['examples'] ?? {}) as Record<string, Json>).map(resolved);
    expect({ at, count: examples.length }).not.toEqual({ at, count: 0 });
    for (const value of examples.flatMap((example) => valuesOf(at.at(-1), example['value'])))
      expect(faultsOf([...at, 'schema'], value)).toBeNull();
  }
});

/** What a schema describes of an example: of a stream each line, less the last one of an incomplete stream. */
function valuesOf(mediaType: string | undefined, example: unknown): unknown[] {
  if (mediaType !== 'application/x-ndjson') return [example];
  const lines = String(example).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Json).filter((line) => !('code' in line));
}

test('The last line of an incomplete stream is shown, and valid', () => {
  const [broken] = parts().filter(({ at }) => at.at(-1) === 'incomplete');
  const [last] = String(broken?.value['value']).split('\n').slice(-2);
  const StreamProblem = ['components', 'schemas', 'StreamProblem'];
  expect(faultsOf(StreamProblem, JSON.parse(last ?? ''))).toBeNull();
});

test('Every error that has a body is shown with the status that it stands under', () => {
  const failed = parts().filter(({ at }) => at.at(-3) === 'get' && /^[45]\d\d$/.test(at.at(-1) ?? ''));
  expect(failed.length).toBeGreaterThan(20);
  for (const { at, value } of failed) {
    const { content = {} } = resolved(value) as { content?: Record<string, Json> };
    const examples = Object.values(content['application/problem+json']?.['examples'] ?? {}) as Json[];
    const statuses = examples.map((one) => (resolved(one)['value'] as Json)['status']);
    expect({ at, statuses: [...new Set(statuses)] }).toEqual({ at, statuses: [Number(at.at(-1))] });
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

test('Every schema of an error leads to the section of /docs that says what each code means', () => {
  const page = readFileSync(new URL('index.html', builtFiles), 'utf8');
  const { schemas } = document['components'] as { schemas: Record<string, Json> };
  const ofErrors = Object.entries(schemas).filter(
    ([name, schema]) =>
      name === 'ErrorCode' || JSON.stringify(schema['properties'] ?? {}).includes('"code":'),
  );
  expect(ofErrors.map(([name]) => name)).toEqual(['Problem', 'StreamProblem', 'ErrorCode']);
  for (const [, schema] of ofErrors) expect(schema['externalDocs']).toMatchObject({ url: 'docs#errors' });
  expect(page).toContain('id="errors"');
});

test('The document has no relative externalDocs of its own, which the schema of OpenAPI 3.1 refuses', () => {
  const own = [document, ...parts().map(({ value }) => value)].filter((value) => 'externalDocs' in value);
  const urls = own
    .filter((value) => !('type' in value))
    .map(({ externalDocs }) => (externalDocs as Json)['url']);
  expect(own.length).toBeGreaterThan(0);
  expect(urls).toEqual([]);
});

test('Every schema of an object has a name, and generators need not make one up', () => {
  const objects = parts().filter(({ value }) => 'properties' in value && value['type'] === 'object');
  expect(objects.length).toBeGreaterThan(8);
  expect(
    objects.filter(({ at }) => at.length !== 3 || at[1] !== 'schemas').map(({ at }) => pointer(at)),
  ).toEqual([]);
});

test('The edition in OpenAPI 3.0 has the same operations, and nothing that 3.0 does not know', () => {
  const edition = JSON.parse(readFileSync(new URL('openapi-3.0.json', builtFiles), 'utf8')) as Json;
  const names = (document30: Json): unknown[] =>
    Object.entries(document30['paths'] as Record<string, { get: Json }>).map(([path, { get }]) => [
      path,
      get['operationId'],
      Object.keys(get['responses'] as Json),
    ]);
  expect(edition['openapi']).toBe('3.0.3');
  expect(edition['info']).not.toHaveProperty('summary');
  expect(names(edition)).toEqual(names(document));
  const schemas = parts(edition).filter(({ at }) => at.includes('schemas') || at.includes('schema'));
  const unknown = schemas.filter(
    ({ value }) => 'const' in value || Array.isArray(value['examples']) || Array.isArray(value['type']),
  );
  expect(unknown.map(({ at }) => pointer(at))).toEqual([]);
});
