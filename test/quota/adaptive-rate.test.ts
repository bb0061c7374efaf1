import { expect, test } from '@jest/globals';

import { createAdaptiveRate } from '../../src/quota/adaptive-rate.ts';

function rateOf(tps: number) {
  let time = 1_700_000_000_000;
  const rate = createAdaptiveRate({ tps, now: () => time });
  return { rate, pass: (ms: number) => (time += ms) };
}

test('until something is throttled the rate is the quota', () => {
  const { rate, pass } = rateOf(5);
  expect(rate.current()).toBe(5);
  pass(60_000);
  expect(rate.current()).toBe(5);
});

test('a throttle takes a seventh, and three seconds bring it back', () => {
  const { rate, pass } = rateOf(10);
  rate.throttled();
  expect(rate.current()).toBeCloseTo(8.5);
  pass(1000);
  expect(rate.current()).toBeCloseTo(9);
  pass(1999);
  expect(rate.current()).toBeLessThan(10);
  pass(1);
  expect(rate.current()).toBe(10);
});

test('several throttles within a second count once', () => {
  const { rate, pass } = rateOf(10);
  rate.throttled();
  pass(999);
  rate.throttled();
  expect(rate.current()).toBeCloseTo(8.9995);
  pass(1);
  rate.throttled();
  expect(rate.current()).toBeCloseTo(7.65);
});

test('no number of throttles brings it below a quarter of the quota', () => {
  const { rate, pass } = rateOf(1.6667);
  for (let count = 0; count < 100; count += 1) {
    rate.throttled();
    expect(rate.current()).toBeGreaterThanOrEqual(0.25 * 1.6667);
    pass(1000);
  }
  rate.throttled();
  expect(rate.current()).toBeLessThan(0.3 * 1.6667);
});
