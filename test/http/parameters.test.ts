import { expect, test } from '@jest/globals';
import { z } from 'zod';

import { AppError } from '../../src/errors.ts';
import { parameterReader } from '../../src/http/parameters.ts';

const schemas = {
  path: z.object({ id: z.string().regex(/^[a-z]+$/, 'Give letters.') }),
  query: z.object({
    size: z
      .string()
      .regex(/^[0-9]+$/, 'Give digits.')
      .transform(Number)
      .default(100),
    after: z.string().optional(),
  }),
};

const read = parameterReader(schemas);

function refusalOf(query: string, id = 'team'): AppError {
  try {
    read({ id }, query);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('The parameters were not refused.');
}

test('values are read, and defaults filled in', () => {
  expect(read({ id: 'team' }, 'after=a%2Fb+c')).toEqual({
    id: 'team',
    size: 100,
    after: 'a/b c',
  });
  expect(read({ id: 'team' }, 'size=7')).toEqual({ id: 'team', size: 7 });
});

test('all faults are told at once', () => {
  const { code, status, message, faults } = refusalOf('size=x&Size=1&after=a&after=b', 'TEAM');
  expect([code, status]).toEqual(['INVALID_PARAMETER', 400]);
  expect(message).toBe('Correct these parameters: id, after, size, Size. See errors.');
  expect(faults).toEqual([
    { in: 'path', name: 'id', detail: 'Give letters.' },
    { in: 'query', name: 'after', detail: 'Give this parameter once.' },
    { in: 'query', name: 'size', detail: 'Give digits.' },
    { in: 'query', name: 'Size', detail: 'There is no such parameter.' },
  ]);
});

test.each(['SIZE=1', 'size[]=1', 'size[0]=1', 'size.a=1', '__proto__=1', 'constructor=1', '=1', 'x'])(
  'the query %s has an unknown parameter',
  (query) => {
    expect(refusalOf(query).faults?.map(({ detail }) => detail)).toEqual(['There is no such parameter.']);
  },
);

test('a parameter given twice is refused even with the same value', () => {
  expect(refusalOf('size=1&size=1').faults).toEqual([
    { in: 'query', name: 'size', detail: 'Give this parameter once.' },
  ]);
});

test('long names are cut where they are quoted', () => {
  const name = 'n'.repeat(65);
  const cut = `${'n'.repeat(64)}…`;
  expect(refusalOf(`${name}=1&${name}=2`).faults?.map((fault) => fault.name)).toEqual([cut, cut]);
  expect(refusalOf(`${'n'.repeat(64)}=1`).faults?.[0]?.name).toBe('n'.repeat(64));
});
