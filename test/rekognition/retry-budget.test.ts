import { expect, test } from '@jest/globals';

import { FailedAttempt, toFault } from '../../src/rekognition/fault.ts';
import { createRetryBudget } from '../../src/rekognition/retry-budget.ts';
import { withRetry } from '../../src/rekognition/retry.ts';
import { createTrace } from '../../src/rekognition/trace.ts';
import { TransportError } from '../../src/rekognition/transport.ts';

function refused() {
  const error = new TransportError(new Error('refused'));
  return new FailedAttempt(
    toFault(error, () => 0),
    error,
  );
}

function budgetAt(start = 0) {
  let time = start;
  const budget = createRetryBudget(() => time);
  const takeAll = () => {
    let taken = 0;
    while (budget.take()) taken += 1;
    return taken;
  };
  return { budget, takeAll, pass: (ms: number) => (time += ms) };
}

test('a fresh budget allows ten retries', () => {
  expect(budgetAt(1_700_000_000_000).takeAll()).toBe(10);
});

test('a total outage of 200 requests costs at most 1.10 attempts a request', async () => {
  let attempts = 0;
  const budget = createRetryBudget(() => 0);
  const failed = await Promise.allSettled(
    Array.from({ length: 200 }, () =>
      withRetry(
        { maxAttempts: 3, budget, metrics: { retried: () => undefined }, now: () => 0, random: () => 0 },
        {
          trace: createTrace(),
          signal: new AbortController().signal,
          deadlineAt: () => 10_000,
        },
        () => {
          attempts += 1;
          return Promise.reject(refused());
        },
      ),
    ),
  );
  expect(failed.every(({ status }) => status === 'rejected')).toBe(true);
  expect(attempts).toBeGreaterThan(200);
  expect(attempts / 200).toBeLessThanOrEqual(1.1);
});

test('two successes earn one retry', () => {
  const { budget, takeAll } = budgetAt();
  takeAll();
  budget.succeeded();
  expect(budget.take()).toBe(false);
  budget.succeeded();
  expect(takeAll()).toBe(1);
});

test('ten seconds earn one retry', () => {
  const { takeAll, pass } = budgetAt();
  takeAll();
  pass(9999);
  expect(takeAll()).toBe(0);
  pass(1);
  expect(takeAll()).toBe(1);
});

test('neither success nor time fills it beyond ten', () => {
  const { budget, takeAll, pass } = budgetAt();
  for (let count = 0; count < 100; count += 1) budget.succeeded();
  pass(86_400_000);
  expect(takeAll()).toBe(10);
});
