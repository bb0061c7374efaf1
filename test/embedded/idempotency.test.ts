import { expect, test } from '@jest/globals';
import { createIdempotency } from '../../src/embedded/idempotency.ts';
import { amzJson } from '../../src/embedded/reply.ts';

test('A memory of two tokens forgets the oldest of three', () => {
  const memory = createIdempotency(2);
  let runs = 0;
  const run = () => amzJson(200, { run: ++runs });
  for (const token of ['a', 'b', 'c']) memory.once(token, '', run);
  expect(memory.once('c', '', run).body).toBe('{"run":3}');
  expect(memory.once('b', '', run).body).toBe('{"run":2}');
  expect(memory.once('a', '', run).body).toBe('{"run":4}');
});

test('A request without a token runs each time', () => {
  const memory = createIdempotency();
  let runs = 0;
  const run = () => amzJson(200, { run: ++runs });
  memory.once(undefined, '', run);
  expect(memory.once(undefined, '', run).body).toBe('{"run":2}');
});
