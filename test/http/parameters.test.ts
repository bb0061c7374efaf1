import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { AppError } from '../../src/errors.ts';
import { parameterReader } from '../../src/http/parameters.ts';

const schemas = {
  path: { id: z.string().regex(/^[a-z]+$/, 'Give letters.') },
  query: {
    size: z
      .string()
      .regex(/^[0-9]+$/, 'Give digits.')
      .transform(Number)
      .default(100),
    after: z.string().optional(),
  },
};

const read = parameterReader(schemas);
const UNKNOWN = 'There is no such parameter: this route has size and after.';

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

test('all errors are listed at once', () => {
  const { code, status, message, errors } = refusalOf('size=x&Size=1&after=a&after=b', 'TEAM');
  expect([code, status]).toEqual(['INVALID_PARAMETER', 400]);
  expect(message).toBe('Correct these parameters: id, after, size, Size. See errors.');
  expect(errors).toEqual([
    { location: 'path', name: 'id', detail: 'Give letters.' },
    { location: 'query', name: 'after', detail: 'Give this parameter once.' },
    { location: 'query', name: 'size', detail: 'Give digits.' },
    { location: 'query', name: 'Size', detail: UNKNOWN },
  ]);
});

test.each(['SIZE=1', 'size[]=1', 'size[0]=1', 'size.a=1', '__proto__=1', 'constructor=1', '=1', 'x'])(
  'the query %s has an unknown parameter',
  (query) => {
    expect(refusalOf(query).errors?.map(({ detail }) => detail)).toEqual([UNKNOWN]);
  },
);

test('a parameter given twice is refused even with the same value', () => {
  expect(refusalOf('size=1&size=1').errors).toEqual([
    { location: 'query', name: 'size', detail: 'Give this parameter once.' },
  ]);
});

test.each(['=', '=5', '=5&size=7'])('a parameter without a name is shown as "": %s', (query) => {
  expect(refusalOf(query)).toMatchObject({
    message: 'Correct these parameters: "". See errors.',
    errors: [{ location: 'query', name: '', detail: UNKNOWN }],
  });
});

test('long names are cut where they are quoted', () => {
  const name = 'n'.repeat(65);
  const cut = `${'n'.repeat(64)}…`;
  expect(refusalOf(`${name}=1&${name}=2`).errors?.map((error) => error.name)).toEqual([cut, cut]);
  expect(refusalOf(`${'n'.repeat(64)}=1`).errors?.[0]?.name).toBe('n'.repeat(64));
});

test('the error of an unknown parameter says that the route has none', () => {
  const readNone = parameterReader({ ...schemas, query: {} });
  expect(() => readNone({ id: 'team' }, 'x=1')).toThrow(
    expect.objectContaining({
      errors: [{ location: 'query', name: 'x', detail: 'There is no such parameter: this route has none.' }],
    }),
  );
});

describe('Of many errors the first twenty are listed, and the others counted:', () => {
  const namesOf = (count: number, name: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => `${name(index)}=1`).join('&');

  test.each([
    ['unknown names', namesOf(3900, (index) => `p${index}`), 3880],
    ['repeated and unknown names', namesOf(3900, (index) => `p${index % 1950}`), 3880],
    ['one more than are listed', namesOf(21, (index) => `p${index}`), 1],
  ])('%s', (_, query, more) => {
    const { errors, message } = refusalOf(query);
    expect(errors).toHaveLength(20);
    expect(message).toMatch(
      new RegExp(`^Correct these parameters: p0, p1, .*, p19, and ${more} more\\. See errors\\.$`),
    );
  });

  test('twenty are all', () => {
    const { errors, message } = refusalOf(namesOf(20, (index) => `p${index}`));
    expect(errors).toHaveLength(20);
    expect(message).toMatch(/, p18, p19\. See errors\.$/);
  });

  test('the values that break a rule come before names that are not there', () => {
    const { errors } = refusalOf(`${namesOf(100, (index) => `p${index}`)}&size=x`, 'TEAM');
    expect(errors?.slice(0, 2).map(({ name }) => name)).toEqual(['id', 'size']);
  });
});
