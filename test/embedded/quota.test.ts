import { describe, expect, test } from '@jest/globals';
import { createQuota } from '../../src/embedded/quota.ts';

function quotaAt(tps: number) {
  const clock = { at: 1_000 };
  const quota = createQuota({ tps, now: () => clock.at });
  const take = (count: number, operation = 'ListUsers') =>
    Array.from({ length: count }, () => quota.take(operation)).filter(Boolean).length;
  return { clock, take };
}

describe('A quota of 5 a second', () => {
  test('grants 5 calls at once and refuses the sixth', () => {
    expect(quotaAt(5).take(6)).toBe(5);
  });

  test('grants one more each 200 ms, and not a millisecond earlier', () => {
    const { clock, take } = quotaAt(5);
    take(5);
    clock.at += 199;
    expect(take(1)).toBe(0);
    clock.at += 1;
    expect(take(2)).toBe(1);
  });

  test('never holds more than 5, however long nobody calls', () => {
    const { clock, take } = quotaAt(5);
    take(1);
    clock.at += 3_600_000;
    expect(take(20)).toBe(5);
  });

  test('counts each operation by itself', () => {
    const { take } = quotaAt(5);
    expect(take(6, 'ListUsers')).toBe(5);
    expect(take(6, 'CreateUser')).toBe(5);
  });

  test('grants 50 calls in 9 seconds to one who calls all the time', () => {
    const { clock, take } = quotaAt(5);
    let granted = take(100);
    for (let step = 0; step < 90; step++) {
      clock.at += 100;
      granted += take(100);
    }
    expect(granted).toBe(50);
  });

  test('takes nothing away when the clock is set back', () => {
    const { clock, take } = quotaAt(5);
    take(2);
    clock.at -= 60_000;
    expect(take(10)).toBe(3);
  });
});

test('A quota below one a second still grants one call at first', () => {
  const { clock, take } = quotaAt(0.5);
  expect(take(3)).toBe(1);
  clock.at += 2_000;
  expect(take(3)).toBe(1);
});

test.each([0, Infinity])('A quota of %s grants everything', (tps) => {
  expect(quotaAt(tps).take(1_000)).toBe(1_000);
});
