import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { createTokenBucket } from '../../src/quota/token-bucket.ts';

function permitsOf(tps: number, burst: number) {
  let time = 1_700_000_000_000;
  const permits = createTokenBucket({ tps, burst, now: () => time });
  return {
    permits,
    take: (wanted: number) => permits.take(wanted, 'interactive') as number,
    pass: (ms: number) => (time += ms),
  };
}

test('a fresh bucket of five gives four at once: the rest is for jitter', () => {
  const { take, permits } = permitsOf(5, 5);
  expect(permits.state()).toEqual({ rate: 5, available: 4 });
  expect(take(3)).toBe(3);
  expect(take(3)).toBe(1);
  expect(take(3)).toBe(0);
});

test('a share of less than one permit at once is still one permit', () => {
  const { take, pass } = permitsOf(0.5, 0.5);
  expect(take(2)).toBe(1);
  pass(1999);
  expect(take(1)).toBe(0);
  pass(1);
  expect(take(1)).toBe(1);
});

test('the wait for a permit is exact, also behind others', () => {
  const { permits, take, pass } = permitsOf(5, 5);
  expect(permits.waitMs(3, 'interactive')).toBe(0);
  expect(permits.waitMs(4, 'interactive')).toBeCloseTo(50);
  take(4);
  expect(permits.waitMs(0, 'interactive')).toBeCloseTo(50);
  expect(permits.waitMs(10, 'interactive')).toBeCloseTo(2050);
  pass(50);
  expect(permits.waitMs(0, 'interactive')).toBe(0);
  expect(take(1)).toBe(1);
});

test('what is given back can be taken again, but never fills it beyond its size', () => {
  const { permits, take } = permitsOf(5, 5);
  take(4);
  permits.giveBack(1);
  expect(take(2)).toBe(1);
  permits.giveBack(100);
  expect(take(100)).toBe(4);
});

test('a throttle empties it and slows it down', () => {
  const { permits, take, pass } = permitsOf(10, 10);
  permits.throttled();
  expect(take(1)).toBe(0);
  expect(permits.state().rate).toBeCloseTo(8.5);
  pass(1000);
  // Climbing from 8.5 to 9 within this second.
  expect(permits.waitMs(9, 'interactive')).toBeCloseTo(138.89);
  expect(take(10)).toBe(8);
});

test('in any window there are at most rate times length plus burst, and all of these', () => {
  const steps = fc.array(
    fc.record({ afterMs: fc.integer({ min: 0, max: 700 }), wanted: fc.integer({ min: 0, max: 9 }) }),
    { maxLength: 60, size: 'max' },
  );
  const tps = fc.constantFrom(0.5, 1.6667, 5, 50);
  const burst = fc.constantFrom(0.5, 1, 1.6667, 5, 50);
  fc.assert(
    fc.property(tps, burst, steps, (rate, size, script) => {
      const { take, pass } = permitsOf(rate, size);
      let at = 0;
      const taken: number[] = [];
      for (const { afterMs, wanted } of script) {
        at += afterMs;
        pass(afterMs);
        for (let count = take(wanted); count > 0; count -= 1) taken.push(at);
      }
      const tooMany = taken.flatMap((from, first) =>
        taken
          .slice(first)
          .filter((to, more) => more + 1 > (rate * (to - from)) / 1000 + Math.max(1, size) + 1e-5),
      );
      expect(tooMany).toEqual([]);
    }),
  );
});

test('with somebody always waiting nothing of the rate is lost', () => {
  const { permits, take, pass } = permitsOf(1.6667, 1.6667);
  let taken = take(1);
  for (let left = 60_000; left > 0;) {
    const wait = Math.ceil(permits.waitMs(0, 'interactive'));
    left -= wait;
    pass(wait);
    taken += take(1);
  }
  expect(taken).toBeGreaterThanOrEqual(100);
});

test('exports leave some for the next pages, and have all of the rest', () => {
  const { permits, take, pass } = permitsOf(5, 5);
  expect(permits.take(5, 'background')).toBe(2);
  expect(take(1)).toBe(1);
  expect(permits.waitMs(0, 'interactive')).toBe(0);
  expect(permits.waitMs(0, 'background')).toBeCloseTo(225);
  pass(224);
  expect(permits.take(1, 'background')).toBe(0);
  pass(1);
  expect(permits.take(1, 'background')).toBe(1);
  // Of 25 in 5 s, however late the timer is within what it may be.
  let taken = 0;
  for (let at = 0; at < 5000; at += 125) {
    pass(125);
    taken += permits.take(1, 'background') as number;
  }
  expect(taken).toBeGreaterThanOrEqual(24);
});

test('a bucket of one permit keeps none back', () => {
  const { permits } = permitsOf(0.5, 0.5);
  expect(permits.take(1, 'background')).toBe(1);
});

test('a large bucket keeps two back, so that exports go on soon after a throttle', () => {
  const { permits, pass } = permitsOf(1000, 1000);
  permits.throttled();
  pass(5);
  expect(permits.take(1, 'background')).toBe(1);
});
