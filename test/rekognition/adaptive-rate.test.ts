import { expect, test } from '@jest/globals';

import { createAdaptiveRate } from '../../src/rekognition/adaptive-rate.ts';

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

test('a throttle takes three tenths, and six seconds bring them back', () => {
  const { rate, pass } = rateOf(10);
  rate.throttled();
  expect(rate.current()).toBeCloseTo(7);
  pass(1000);
  expect(rate.current()).toBeCloseTo(7.5);
  pass(4999);
  expect(rate.current()).toBeLessThan(10);
  pass(1);
  expect(rate.current()).toBe(10);
});

test('several throttles within a second count once', () => {
  const { rate, pass } = rateOf(10);
  rate.throttled();
  pass(999);
  rate.throttled();
  expect(rate.current()).toBeCloseTo(7.4995);
  pass(1);
  rate.throttled();
  expect(rate.current()).toBeCloseTo(5.25);
});

test('no number of throttles brings it below a tenth of the quota', () => {
  const { rate, pass } = rateOf(1.6667);
  for (let count = 0; count < 100; count += 1) {
    rate.throttled();
    expect(rate.current()).toBeGreaterThanOrEqual(0.16667 - 1e-9);
    pass(1000);
  }
  rate.throttled();
  expect(rate.current()).toBeLessThan(0.2);
});

test('a clock set back neither raises the rate nor keeps a throttle from lowering it', () => {
  const { rate, pass } = rateOf(10);
  rate.throttled();
  pass(-60_000);
  expect(rate.current()).toBeCloseTo(7);
  rate.throttled();
  expect(rate.current()).toBeCloseTo(4.9);
  pass(2000);
  expect(rate.current()).toBeCloseTo(5.9);
});
