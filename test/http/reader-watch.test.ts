import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { createReaderWatch, type CutOffReason } from '../../src/http/reader-watch.ts';

const MINUTE_MS = 60_000;
const limits = { idleMs: 30_000, minBytesPerSecond: 1000 };

/** A reader that takes `bytes` in each of some seconds, and has something to take in those that `isPending` says. */
interface Second {
  readonly bytes: number;
  readonly isPending: boolean;
}

/** What is said of each second, with a clock that is only counted. */
function judge(seconds: readonly Second[], options = limits): (CutOffReason | undefined)[] {
  let at = 5_000_000;
  let takenBytes = 77;
  const watch = createReaderWatch(options, { at, takenBytes, isPending: seconds[0]?.isPending ?? false });
  return seconds.map(({ bytes }, index) => {
    at += 1000;
    takenBytes += bytes;
    return watch({ at, takenBytes, isPending: seconds[index + 1]?.isPending ?? false });
  });
}

const repeated = (count: number, second: Second): Second[] => Array.from({ length: count }, () => second);
const taking = (bytes: number): Second => ({ bytes, isPending: true });
const waiting: Second = { bytes: 0, isPending: false };

describe('A reader', () => {
  test('that takes nothing is idle at the limit, not before', () => {
    const verdicts = judge(repeated(30, taking(0)));
    expect(verdicts.indexOf('idle')).toBe(29);
    expect(verdicts.slice(0, 29)).toEqual(repeated(29, taking(0)).map(() => undefined));
  });

  test('that takes one byte just before the limit starts its idle time anew', () => {
    const seconds = [...repeated(29, taking(0)), taking(1), ...repeated(29, taking(0))];
    expect(judge(seconds)).not.toContain('idle');
  });

  test('that takes less than the limit on the mean of a minute is slow at its end', () => {
    const verdicts = judge(repeated(61, taking(999)));
    expect(verdicts.indexOf('slow')).toBe(59);
  });

  test('that takes exactly the limit is not slow', () => {
    expect(judge(repeated(300, taking(1000)))).not.toContain('slow');
  });

  test('that takes its whole minute at once is not slow', () => {
    const minute = [
      ...repeated(20, taking(0)),
      taking(60_000),
      ...repeated(29, taking(0)),
      ...repeated(10, taking(1)),
    ];
    expect(judge([...minute, ...minute, ...minute])).not.toContain('slow');
  });

  test('that takes more than the limit is not slow, although the kernel takes it in bursts', () => {
    const burst = [...repeated(27, taking(0)), taking(28 * 1050)];
    expect(judge(Array.from({ length: 40 }, () => burst).flat())).not.toContain('slow');
  });

  test('that takes less than the limit in bursts is slow at the end of one', () => {
    const burst = [...repeated(27, taking(0)), taking(28 * 950)];
    expect(judge(Array.from({ length: 5 }, () => burst).flat()).indexOf('slow')).toBe(83);
  });

  test('that drips from the second minute on is slow, however fast it was', () => {
    const verdicts = judge([...repeated(60, taking(10_000_000)), ...repeated(120, taking(10))]);
    expect(verdicts).toContain('slow');
  });

  test('that has nothing to take answers neither for the time nor for the bytes', () => {
    expect(judge(repeated(3600, waiting))).toEqual(repeated(3600, waiting).map(() => undefined));
  });

  test('that drips between waits for Rekognition is slow after a minute of its own', () => {
    const seconds = Array.from({ length: 130 }, (_, index) => (index % 2 === 0 ? taking(1) : waiting));
    expect(judge(seconds).indexOf('slow')).toBe(118);
  });

  test('of any speed is never slow where the limit is 0', () => {
    const watched = judge(repeated(300, taking(1)), { ...limits, minBytesPerSecond: 0 });
    expect(watched.every((verdict) => verdict === undefined)).toBe(true);
  });

  test('that takes nothing is idle also where the limit of its speed is 0', () => {
    expect(judge(repeated(31, taking(0)), { ...limits, minBytesPerSecond: 0 })).toContain('idle');
  });

  test('that always takes the limit or more is never cut off, whenever it is looked at', () => {
    const step = fc.record({
      ms: fc.integer({ min: 1, max: 20_000 }),
      factor: fc.double({ min: 1, max: 3, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let at = 0;
        let takenBytes = 0;
        const watch = createReaderWatch(limits, { at, takenBytes, isPending: true });
        for (const { ms, factor } of steps) {
          at += ms;
          takenBytes += Math.ceil((limits.minBytesPerSecond * ms * factor) / 1000);
          expect(watch({ at, takenBytes, isPending: true })).toBeUndefined();
        }
      }),
    );
  });

  test('that takes half of the limit is cut off within two minutes of pending time, whenever it is looked at', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 10, max: 10_000 }), { minLength: 1 }), (gaps) => {
        let at = 0;
        let takenBytes = 0;
        const watch = createReaderWatch(limits, { at, takenBytes, isPending: true });
        for (let index = 0; at <= 2 * MINUTE_MS; index += 1) {
          at += gaps[index % gaps.length] ?? 0;
          takenBytes = Math.floor((at * limits.minBytesPerSecond) / 2000);
          if (watch({ at, takenBytes, isPending: true }) === 'slow') return;
        }
        throw new Error('a reader at half of the limit was left alone');
      }),
    );
  });
});
