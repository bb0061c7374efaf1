import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { createExpectedDuration } from '../../src/rekognition/expected-duration.ts';

const after = (durations: readonly number[], maxMs = 5000) => {
  const expected = createExpectedDuration({ initialMs: 100, maxMs });
  for (const ms of durations) expected.observe(ms);
  return expected.ms;
};
const times = (count: number, ms: number) => Array.from({ length: count }, () => ms);

test('before anything was seen it is the first guess', () => {
  expect(after([])).toBe(100);
});

test('steady durations are expected as they are', () => {
  expect(after(times(100, 40))).toBeCloseTo(40, 0);
});

test('durations that vary are expected with room to spare', () => {
  const varying = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 20 : 80));
  expect(after(varying)).toBeGreaterThan(100);
});

test('however slow, no more is expected than the bound', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100_000)), (durations) => {
      const ms = after(durations, 500);
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThanOrEqual(500);
    }),
  );
});
