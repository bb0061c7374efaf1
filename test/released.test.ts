import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { announcesBreak, breakingChanges } from './support/breaking-changes.ts';

interface Contract {
  readonly info: { readonly version: string };
}

const read = (name: string): Contract =>
  parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')) as Contract;

/** The contract with one place changed; undefined takes away what is there. */
function edited(place: string, value: unknown): object {
  const contract = read('openapi.yaml');
  const names = place.split(' ');
  const last = names.pop() ?? '';
  const parent = names.reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], contract);
  if (value === undefined) Reflect.deleteProperty(parent as object, last);
  else Object.assign(parent as object, { [last]: value });
  return contract;
}

const USERS = 'paths /collections/{collectionId}/users';
const MAX_RESULTS = 'components parameters MaxUsers';
const SCHEMAS = 'components schemas';

test('The contract breaks no client of the released one, or its version says so (docs/api-stability.md)', () => {
  const released = read('contract/released.yaml');
  const contract = read('openapi.yaml');
  const allowed = announcesBreak(released.info.version, contract.info.version);
  expect(allowed ? [] : breakingChanges(released, contract)).toEqual([]);
});

describe('The gate', () => {
  test.each([
    ['a route that is gone', 'paths /livez', undefined],
    ['a method that is gone', `${USERS} get`, undefined],
    [
      'parameters that are gone',
      `${USERS} get parameters`,
      [{ $ref: '#/components/parameters/CollectionId' }],
    ],
    ['a parameter of another name', `${MAX_RESULTS} name`, 'limit'],
    ['a parameter that is now required', `${MAX_RESULTS} required`, true],
    ['a lower maximum', `${MAX_RESULTS} schema maximum`, 100],
    ['another default', `${MAX_RESULTS} schema default`, 50],
    ['a member that is gone', `${SCHEMAS} User properties userStatus`, undefined],
    ['a member that may be missing', `${SCHEMAS} User required`, ['userId']],
    ['a member of another type', `${SCHEMAS} User properties userId type`, 'integer'],
    ['a new error code', `${SCHEMAS} ErrorCode enum 21`, 'NEW'],
    ['an error code that is gone', `${SCHEMAS} ErrorCode enum 20`, 'NEW'],
    ['a status that is gone', `${USERS} get responses 304`, undefined],
    ['a header that is gone', `${USERS} get responses 200 headers ETag`, undefined],
    ['a header that may be missing', 'components headers ETag required', undefined],
    ['another operationId', `${USERS} get operationId`, 'getUsers'],
  ])('refuses %s', (_title, place, value) => {
    expect(breakingChanges(read('openapi.yaml'), edited(place, value))).not.toEqual([]);
  });

  test.each([
    ['the same', 'info version', '0.1.0'],
    ['a new route', 'paths /new', { get: { responses: { '200': { description: 'New.' } } } }],
    [
      'a new optional parameter',
      'paths /livez get parameters',
      [{ name: 'x', in: 'query', schema: { type: 'string' } }],
    ],
    ['a higher maximum', `${MAX_RESULTS} schema maximum`, 1000],
    ['a new member of an answer', `${SCHEMAS} User properties faces`, { type: 'integer' }],
    ['other words', `${SCHEMAS} User description`, 'Someone.'],
    ['other words about an answer', 'components responses NotModified description', 'As it was.'],
    ['another example of an error', 'components examples FORBIDDEN value detail', 'You may not.'],
  ])('lets %s pass', (_title, place, value) => {
    expect(breakingChanges(read('openapi.yaml'), edited(place, value))).toEqual([]);
  });

  test.each([
    ['0.1.0', '0.1.1', false],
    ['0.1.0', '0.2.0', true],
    ['0.9.0', '1.0.0', true],
    ['1.2.0', '1.3.0', false],
    ['1.2.0', '2.0.0', true],
    ['2.0.0', '1.9.0', false],
  ])('from %s to %s: a break is allowed, %s', (before, after, allowed) => {
    expect(announcesBreak(before, after)).toBe(allowed);
  });
});
