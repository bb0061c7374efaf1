import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { integer, matching, readInput } from '../../src/embedded/read-input.ts';

const schema = z.object({
  Name: matching('[a-z]+', z.string().min(1).max(3)),
  Size: integer(1, 5).optional(),
  Share: z.number().min(0).max(100).optional(),
  Ids: z.array(matching('[0-9]')).min(1).max(2).optional(),
  Tags: z
    .record(z.string().max(3), z.string().max(2))
    .refine((tags) => Object.keys(tags).length <= 1, 'have length less than or equal to 1')
    .optional(),
});

const constraint = 'failed to satisfy constraint: Member must';

describe('A request', () => {
  test('that keeps every constraint is read, without the members nobody named', () => {
    const json = { Name: 'abc', Size: 5, Share: 0.5, Ids: ['1', '2'], Tags: { a: 'b' }, Other: 1 };
    expect(readInput(schema, json)).toEqual({
      Name: 'abc',
      Size: 5,
      Share: 0.5,
      Ids: ['1', '2'],
      Tags: { a: 'b' },
    });
  });

  test('may leave optional members out, or null', () => {
    expect(readInput(schema, { Name: 'a', Size: null })).toEqual({ Name: 'a' });
  });

  test.each([
    [{}, `Value null at 'name' ${constraint} not be null`],
    [{ Name: null }, `Value null at 'name' ${constraint} not be null`],
    [{ Name: 'abcd' }, `Value 'abcd' at 'name' ${constraint} have length less than or equal to 3`],
    [{ Name: 'A' }, `Value 'A' at 'name' ${constraint} satisfy regular expression pattern: [a-z]+`],
    [{ Name: 'a\n' }, `Value 'a\n' at 'name' ${constraint} satisfy regular expression pattern: [a-z]+`],
    [{ Name: 'a', Size: 0 }, `Value '0' at 'size' ${constraint} have value greater than or equal to 1`],
    [{ Name: 'a', Size: 6 }, `Value '6' at 'size' ${constraint} have value less than or equal to 5`],
    [
      { Name: 'a', Share: 100.5 },
      `Value '100.5' at 'share' ${constraint} have value less than or equal to 100`,
    ],
    [{ Name: 'a', Ids: [] }, `Value '[]' at 'ids' ${constraint} have length greater than or equal to 1`],
    [
      { Name: 'a', Ids: ['1', '2', '3'] },
      `Value '[1, 2, 3]' at 'ids' ${constraint} have length less than or equal to 2`,
    ],
    [
      { Name: 'a', Ids: ['1', 'x'] },
      `Value 'x' at 'ids.2.member' ${constraint} satisfy regular expression pattern: [0-9]`,
    ],
    [
      { Name: 'a', Tags: { a: '1', b: '2' } },
      `Value '{a=1, b=2}' at 'tags' ${constraint} have length less than or equal to 1`,
    ],
    [
      { Name: 'a', Tags: { a: '123' } },
      `Value '123' at 'tags.a.member' ${constraint} have length less than or equal to 2`,
    ],
    [
      { Name: 'a', Tags: { long: '1' } },
      `Value 'long' at 'tags' ${constraint} have length less than or equal to 3`,
    ],
  ])('of %j is a ValidationException that names the constraint', (json, message) => {
    expect(() => readInput(schema, json)).toThrow(
      expect.objectContaining({
        name: 'ValidationException',
        message: `1 validation error detected: ${message}`,
      }),
    );
  });

  test('that breaks several constraints is answered with all of them', () => {
    expect(() => readInput(schema, { Name: '', Size: 9 })).toThrow(
      `3 validation errors detected: Value '' at 'name' ${constraint} have length greater than or equal to 1; ` +
        `Value '' at 'name' ${constraint} satisfy regular expression pattern: [a-z]+; ` +
        `Value '9' at 'size' ${constraint} have value less than or equal to 5`,
    );
  });

  test.each([
    [null, 'NULL_VALUE can not be converted to a Structure'],
    [[], 'ARRAY_VALUE can not be converted to a Structure'],
    ['text', 'STRING_VALUE can not be converted to a Structure'],
    [{ Name: 1 }, 'NUMBER_VALUE can not be converted to a String'],
    [{ Name: ['a'] }, 'ARRAY_VALUE can not be converted to a String'],
    [{ Name: 'a', Size: '5' }, 'STRING_VALUE can not be converted to an Integer'],
    [{ Name: 'a', Size: 1.5 }, 'NUMBER_VALUE can not be converted to an Integer'],
    [{ Name: 'a', Size: 2 ** 60 }, 'NUMBER_VALUE can not be converted to an Integer'],
    [{ Name: 'a', Size: true }, 'BOOLEAN_VALUE can not be converted to an Integer'],
    [{ Name: 'a', Share: '1' }, 'STRING_VALUE can not be converted to a Float'],
    [{ Name: 'a', Ids: '1' }, 'STRING_VALUE can not be converted to a List'],
    [{ Name: 'a', Ids: [null] }, 'NULL_VALUE can not be converted to a String'],
    [{ Name: 'a', Tags: 'a=b' }, 'STRING_VALUE can not be converted to a Structure'],
  ])('of %j is a SerializationException', (json, message) => {
    expect(() => readInput(schema, json)).toThrow(
      expect.objectContaining({ name: 'SerializationException', message }),
    );
  });
});
