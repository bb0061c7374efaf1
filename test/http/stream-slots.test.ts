import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { AppError } from '../../src/errors.ts';
import { createStreamSlots } from '../../src/http/stream-slots.ts';

function start(max: number) {
  let time = 0;
  const slots = createStreamSlots({ max, now: () => time });
  const take = (caller: string) => slots.take(caller);
  /** Takes a place if there is one. */
  const tries = (caller: string) => {
    try {
      return take(caller);
    } catch {
      return undefined;
    }
  };
  /** The seconds that a refused caller is told to wait. */
  const refusal = (caller: string): number => {
    try {
      take(caller);
    } catch (error) {
      if (error instanceof AppError && error.code === 'OVERLOADED') return error.retryAfterS ?? 0;
    }
    throw new Error(`${caller} was not refused`);
  };
  const pass = (seconds: number) => {
    time += seconds * 1000;
  };
  return { take, tries, refusal, pass };
}

test('one caller may have every place while nobody else asks', () => {
  const { take, refusal } = start(2);
  take('ann');
  take('ann');
  expect(refusal('ann')).toBeGreaterThanOrEqual(1);
});

test('a place given back can be taken, and giving it back twice gives one', () => {
  const { take, refusal } = start(1);
  const release = take('ann');
  release();
  release();
  take('bob');
  expect(refusal('cem')).toBeGreaterThanOrEqual(1);
});

test('the next place is kept for who was refused and has none, until some seconds after the time he was told', () => {
  const { take, refusal, pass } = start(1);
  const release = take('ann');
  const told = refusal('bob');
  pass(1);
  release();
  refusal('ann');
  pass(told - 1 + 4);
  refusal('ann');
  take('bob')();
  expect(take('ann')).toBeInstanceOf(Function);
});

test('the place of one who does not come back is anyone’s', () => {
  const { take, refusal, pass } = start(1);
  const release = take('ann');
  const told = refusal('bob');
  release();
  expect(refusal('ann')).toBe(told + 5);
  pass(told + 5.1);
  expect(take('ann')).toBeInstanceOf(Function);
});

test('one who has a place comes behind those who have none, and both places are used', () => {
  const { take, refusal } = start(2);
  take('ann');
  const release = take('ann');
  refusal('bob');
  refusal('cem');
  release();
  refusal('ann');
  refusal('cem');
  expect(take('bob')).toBeInstanceOf(Function);
});

test('Retry-After goes by how long streams have lately taken', () => {
  const { take, refusal, pass } = start(1);
  for (let round = 0; round < 30; round += 1) {
    const release = take('ann');
    pass(20);
    release();
  }
  take('ann');
  expect(refusal('bob')).toBe(20);
  pass(15);
  expect(refusal('bob')).toBe(5);
  pass(11.5);
  expect(refusal('bob')).toBe(7);
  pass(600);
  expect(refusal('bob')).toBe(60);
});

test('one who comes back whenever he is told to gets the first place that comes free, however greedy another is', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), lengths, (max, seconds) => {
      const { tries, refusal, pass } = start(max);
      let running: { readonly until: number; readonly release: () => void }[] = [];
      let streams = 0;
      let freed = false;
      let told = 0;
      for (let second = 0; ; second += 1) {
        for (const { until, release } of running) if (until === second) release();
        freed ||= told > 0 && running.some(({ until }) => until === second);
        running = running.filter(({ until }) => until > second);
        for (let release = tries('greedy'); release; release = tries('greedy')) {
          streams += 1;
          running.push({ release, until: second + (seconds[streams % 20] ?? 1) });
        }
        if (second >= told) {
          if (tries('polite')) return;
          if (freed) throw new Error('a place came free, and another got it');
          told = second + refusal('polite');
        }
        pass(1);
      }
    }),
  );
});

test('never are there more places than there are, every wait is from 1 to 60 s, and no place is lost', () => {
  const callers = ['ann', 'bob', 'cem', 'dee'];
  const step = fc.record({ caller: fc.constantFrom(...callers), end: fc.boolean(), seconds: fc.nat(70) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step), (max, steps) => {
      const { tries, refusal, pass } = start(max);
      const open: (() => void)[] = [];
      const waits = [1];
      for (const { caller, end, seconds } of steps) {
        pass(seconds);
        if (end) open.shift()?.();
        const release = tries(caller);
        if (release) open.push(release);
        else waits.push(refusal(caller));
        expect(open.length).toBeLessThanOrEqual(max);
      }
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...waits)).toBeLessThanOrEqual(60);
      for (const release of open.splice(0)) release();
      pass(66);
      for (let index = 0; index < max; index += 1) expect(tries('ann')).toBeDefined();
    }),
  );
});
