import { describe, expect, test } from '@jest/globals';
import { exampleUsers } from '../../src/embedded/example-users.ts';
import { exampleCollections } from '../../src/embedded/examples.ts';

describe('Example users', () => {
  test('are all different, and valid user ids, as many as 100,000 of them', () => {
    const users = exampleUsers(100_000);
    expect(new Set(users.map(({ id }) => id)).size).toBe(100_000);
    expect(users.every(({ id }) => /^[a-zA-Z0-9_.\-:]{1,128}$/.test(id))).toBe(true);
  });

  test('are the same ones every time, mostly ACTIVE', () => {
    expect(exampleUsers(100)).toEqual(exampleUsers(100));
    expect(exampleUsers(2)).toEqual([
      { id: 'jane.doe', status: 'ACTIVE' },
      { id: 'employee:10001', status: 'ACTIVE' },
    ]);
    const statuses = exampleUsers(5_000).map(({ status }) => status);
    expect(statuses.filter((status) => status === 'ACTIVE').length).toBeGreaterThan(4_000);
    expect(new Set(statuses)).toEqual(new Set(['ACTIVE', 'CREATED', 'UPDATING']));
  });
});

test('Example collections have the sizes their descriptions say', () => {
  const sizes = exampleCollections().map(({ id, users }) => [id, users.length]);
  expect(Object.fromEntries(sizes)).toEqual({
    'example-team': 8,
    'example-empty': 0,
    'example-hundred': 100,
    'example-campus': 5_000,
    'throws-InternalServerError-on-page-2': 1_000,
  });
});
