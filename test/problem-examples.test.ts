import { readFileSync } from 'node:fs';

import { afterEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { startEmbeddedRekognition } from '../src/embedded/start.ts';
import { problems, type ErrorCode } from '../src/errors.ts';
import { call } from './support/contract.ts';
import { startService, stopServices } from './support/service.ts';
import { started } from './support/started.ts';

/** An example of the contract. Its description says how to see it, in a form that this test follows. */
interface ProblemExample {
  readonly description?: string;
  readonly value: { readonly code: ErrorCode; readonly status: number; readonly instance: string };
}

interface Way {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How often it takes. */
  readonly times: number;
}

const text = readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8');
const { components } = parse(text) as { components: { examples: Record<string, ProblemExample> } };
const examples = Object.entries(components.examples);

/** The request that a description names: a collection that fails, or a method and a path, with a header or a body. */
const REQUEST = /^To see it: `(?:([A-Z]+) (\/\S*)|([\w-]+))`(?:.*? with (?:`([\w-]+): (\S+)`|(a body)))?/;

function wayTo(name: string, { description = '' }: ProblemExample): Way[] {
  const [found, method = 'GET', path, collection, header, value = '', body] = REQUEST.exec(description) ?? [];
  if (found === undefined) return [];
  return [
    {
      name,
      method,
      path: path ?? `/collections/${String(collection)}/users`,
      headers: { ...(header && { [header]: value }), ...(body && { 'Content-Length': '2' }) },
      ...(body && { body: '{}' }),
      times: description.includes(' times in a row') ? 6 : 1,
    },
  ];
}

const ways = examples.flatMap(([name, example]) => wayTo(name, example));

const endpoint = started(() => startEmbeddedRekognition({ tps: 0 }));

afterEach(stopServices);

describe('The examples of problems in the contract', () => {
  test('show every code, and each stands under some answer', () => {
    const codes = examples.map(([, { value }]) => value.code);
    expect([...new Set(codes)].toSorted()).toEqual(Object.keys(problems).toSorted());
    const unused = examples.filter(([name]) => !text.includes(`'#/components/examples/${name}'`));
    expect(unused.map(([name]) => name)).toEqual([]);
  });

  test('have the status, the title and the verdict of their codes', () => {
    for (const [, { value }] of examples) {
      const { title, retryable, status } = problems[value.code];
      const statuses = value.code === 'MALFORMED_REQUEST' ? [400, 408, 431] : [status];
      expect(value).toMatchObject({ title, retryable });
      expect(statuses).toContain(value.status);
    }
  });

  test('say how to see them on purpose, all but that of a bug', () => {
    const silent = examples.filter(([, { description = '' }]) => !description.startsWith('To see it: '));
    expect(silent.map(([name]) => name)).toEqual(['INTERNAL_ERROR']);
    expect(ways.length).toBeGreaterThan(12);
  });

  test.each(ways)('are what the service answers: $name to $method $path', async (way) => {
    const { name, method, path, headers, body, times } = way;
    const config = { upstream: { maxAttempts: 1, attemptTimeoutMs: 500 } };
    const { url } = await startService({ endpoint: endpoint(), config });
    const asked = { method, headers, ...(body !== undefined && { body }) };
    for (let again = 1; again < times; again += 1) await call(url, path, asked);
    const { json } = await call(url, path, asked);
    expect(json).toEqual({ ...components.examples[name]?.value, requestId: json['requestId'] });
  });
});
