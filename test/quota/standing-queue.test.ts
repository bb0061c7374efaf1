import { expect, test } from '@jest/globals';

import { createStandingQueue } from '../../src/quota/standing-queue.ts';

function queueAt() {
  let time = 1_700_000_000_000;
  const queue = createStandingQueue({ standingWaitMs: 1000, intervalMs: () => 200, now: () => time });
  return { queue, pass: (ms: number) => (time += ms) };
}

test('a queue that fills after a pause takes any wait for twice the bounded wait, and then only that one', () => {
  const { queue, pass } = queueAt();
  expect(queue.isStanding()).toBe(false);
  pass(3_600_000);
  queue.contended();
  expect(queue.maxWaitMs()).toBe(Infinity);
  pass(2000);
  queue.contended();
  expect(queue.maxWaitMs()).toBe(Infinity);
  pass(1);
  expect([queue.maxWaitMs(), queue.isStanding()]).toEqual([1000, true]);
});

test('a queue that was empty for as long as a permit takes starts anew', () => {
  const { queue, pass } = queueAt();
  queue.contended();
  pass(2500);
  queue.drained();
  pass(199);
  expect(queue.isStanding()).toBe(true);
  pass(1);
  expect(queue.isStanding()).toBe(false);
  queue.contended();
  pass(2000);
  expect(queue.isStanding()).toBe(false);
});

test('a queue that is filled again before the next permit was due has not been empty', () => {
  const { queue, pass } = queueAt();
  for (let turn = 0; turn < 30; turn += 1) {
    queue.contended();
    pass(90);
    queue.drained();
    queue.drained();
    pass(10);
  }
  queue.contended();
  expect(queue.isStanding()).toBe(true);
});
