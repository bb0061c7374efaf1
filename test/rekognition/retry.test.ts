import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { AppError } from '../../src/errors.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { AttemptTimeout, toUpstreamFailure } from '../../src/rekognition/failure.ts';
import { backOffMs, retried, type RetriedOptions } from '../../src/rekognition/retry.ts';
import { createUpstreamStats } from '../../src/rekognition/operation.ts';
import { contextOf, inputOf, operation } from '../support/operation.ts';

const awsError = (name: string, status: number, headers: Record<string, string> = {}) =>
  Object.assign(new Error('arn:aws:iam::123456789012:user/someone'), {
    name,
    $metadata: { httpStatusCode: status, requestId: `id of ${name}` },
    $response: { headers },
  });
const unavailable = () => awsError('InternalServerError', 500);
const throttle = (headers?: Record<string, string>) => awsError('ThrottlingException', 400, headers);

const NOW = 1_700_000_000_000;

interface Script {
  readonly options?: Partial<RetriedOptions>;
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
}

/** Runs one attempt a step: an error is thrown, anything else is the result. The last step repeats. */
function run(steps: readonly unknown[], { options, signal, deadlineMs = 10_000 }: Script = {}) {
  const stats = createUpstreamStats();
  const counts = { taken: 0, succeeded: 0 };
  const budget = {
    take: () => {
      counts.taken += 1;
      return true;
    },
    succeeded: () => {
      counts.succeeded += 1;
    },
  };
  const metrics = createMetrics([]);
  const stage = retried({ maxAttempts: 3, budget, metrics, now: () => NOW, random: () => 0, ...options });
  const attempt = stage(() => {
    const step = steps[Math.min(stats.attempts, steps.length - 1)];
    if (step instanceof AppError) return Promise.reject(step);
    stats.attempts += 1;
    if (step instanceof Error) return Promise.reject(toUpstreamFailure(step, () => NOW));
    // One operation is called, so its type is that of the test.
    return Promise.resolve({ output: step as never, fetchedAt: NOW });
  });
  const terms = { stats, deadlineAt: () => NOW + deadlineMs, ...(signal && { signal: () => signal }) };
  const result = attempt(operation, inputOf(), contextOf(terms)).then(({ output }) => output as unknown);
  const codes = async () => (await metrics.retries.get()).values.map(({ labels }) => labels.code);
  return { result, stats, counts, codes };
}

test('a first success is the answer, and earns budget', async () => {
  const { result, stats, counts } = run(['page']);
  await expect(result).resolves.toBe('page');
  expect(stats).toMatchObject({ attempts: 1, delaysMs: [] });
  expect(counts).toEqual({ taken: 0, succeeded: 1 });
});

test('a temporary failure is retried until an attempt succeeds', async () => {
  const { result, stats, counts, codes } = run([unavailable(), throttle(), 'page']);
  await expect(result).resolves.toBe('page');
  expect(stats.attempts).toBe(3);
  expect(stats.delaysMs).toEqual([0, 0]);
  expect(counts).toEqual({ taken: 1, succeeded: 1 });
  expect(await codes()).toEqual(['UPSTREAM_ERROR', 'UPSTREAM_THROTTLED']);
});

test('when the attempts are used up, the last failure is the result', async () => {
  const { result, stats } = run([unavailable(), unavailable(), throttle()]);
  await expect(result).rejects.toMatchObject({ name: 'AppError', code: 'UPSTREAM_THROTTLED' });
  expect(stats.attempts).toBe(3);
});

test('one attempt allowed means no retry, and no budget taken', async () => {
  const { result, stats, counts } = run([unavailable()], { options: { maxAttempts: 1 } });
  await expect(result).rejects.toMatchObject({ code: 'UPSTREAM_ERROR' });
  expect(stats.attempts).toBe(1);
  expect(counts.taken).toBe(0);
});

test('an empty budget ends the attempts', async () => {
  const budget = { take: () => false, succeeded: () => undefined };
  const { result, stats } = run([unavailable()], { options: { budget } });
  await expect(result).rejects.toMatchObject({ code: 'UPSTREAM_ERROR' });
  expect(stats).toMatchObject({ attempts: 1, delaysMs: [] });
});

test('a back-off that would outlast the deadline is answered at once, and takes no budget', async () => {
  const { result, stats, counts } = run([throttle({ 'retry-after': '10' })], { deadlineMs: 10_000 });
  await expect(result).rejects.toMatchObject({ code: 'UPSTREAM_THROTTLED', retryAfterS: 10 });
  expect(stats).toMatchObject({ attempts: 1, delaysMs: [] });
  expect(counts.taken).toBe(0);
});

test('the wait that Rekognition asks for is observed', async () => {
  const date = new Date(NOW + 1000).toUTCString();
  const { result, stats } = run([throttle({ 'retry-after': date }), 'page'], { deadlineMs: 1001 });
  const start = performance.now();
  await expect(result).resolves.toBe('page');
  expect(stats.delaysMs).toEqual([1000]);
  expect(performance.now() - start).toBeGreaterThan(990);
});

test('the back-off before a retry is drawn at random', async () => {
  const { result, stats } = run([unavailable(), unavailable(), 'page'], { options: { random: () => 0.5 } });
  await expect(result).resolves.toBe('page');
  expect(stats.delaysMs).toEqual([25, 50]);
});

test.each([
  ['AccessDeniedException', 'UPSTREAM_ACCESS_DENIED'],
  ['ResourceNotFoundException', 'COLLECTION_NOT_FOUND'],
  ['InvalidPaginationTokenException', 'INVALID_PAGE_TOKEN'],
  ['InvalidParameterException', 'INVALID_PARAMETER'],
  ['ExpiredTokenException', 'UPSTREAM_UNAUTHENTICATED'],
])('%s is final', async (name, code) => {
  const { result, stats, counts } = run([awsError(name, 400)]);
  await expect(result).rejects.toMatchObject({ code });
  expect(stats.attempts).toBe(1);
  expect(counts.taken).toBe(0);
});

test('an attempt that timed out is retried', async () => {
  const { result } = run([new AttemptTimeout(), 'page']);
  await expect(result).resolves.toBe('page');
});

test('the error keeps the exception as its cause, and tells the caller none of its text', async () => {
  const exception = awsError('AccessDeniedException', 400);
  const error = await run([exception]).result.catch((thrown: unknown) => thrown as AppError);
  expect(error).toBeInstanceOf(AppError);
  expect((error as AppError).cause).toBe(exception);
  expect((error as AppError).message).not.toContain('arn:');
});

test("an abort during the back-off ends it at once with the signal's reason", async () => {
  const leaving = new AbortController();
  const reason = new Error('the caller left');
  const { result, stats } = run([throttle({ 'retry-after': '60' })], {
    signal: leaving.signal,
    deadlineMs: 120_000,
  });
  const start = performance.now();
  setTimeout(() => {
    leaving.abort(reason);
  }, 20);
  await expect(result).rejects.toBe(reason);
  expect(performance.now() - start).toBeLessThan(5000);
  expect(stats).toMatchObject({ attempts: 1, delaysMs: [60_000] });
});

test("an attempt that fails after the abort is answered with the signal's reason", async () => {
  const reason = new Error('the deadline');
  const { result } = run([unavailable()], { signal: AbortSignal.abort(reason) });
  await expect(result).rejects.toBe(reason);
});

test('a bug is thrown on, and not retried', async () => {
  const bug = new TypeError('x is not a function');
  const { result, stats } = run([bug]);
  await expect(result).rejects.toBe(bug);
  expect(stats.attempts).toBe(1);
});

const failureOf = (
  code: 'UPSTREAM_ERROR' | 'UPSTREAM_TIMEOUT' | 'UPSTREAM_THROTTLED',
  retryAfterMs?: number,
) => ({
  code,
  retryAfterMs,
});

test.each([
  ['UPSTREAM_ERROR', 1, 50],
  ['UPSTREAM_ERROR', 2, 100],
  ['UPSTREAM_TIMEOUT', 3, 200],
  ['UPSTREAM_ERROR', 10, 5000],
  ['UPSTREAM_THROTTLED', 1, 500],
  ['UPSTREAM_THROTTLED', 2, 1000],
  ['UPSTREAM_THROTTLED', 5, 5000],
] as const)('the back-off after %s number %i is at most %i ms', (code, attempt, bound) => {
  expect(backOffMs(failureOf(code), attempt, () => 1)).toBe(bound);
  expect(backOffMs(failureOf(code), attempt, () => 0)).toBe(0);
});

test('the back-off lies in its bounds, and is never shorter than what Rekognition asked for', () => {
  const codes = fc.constantFrom('UPSTREAM_ERROR' as const, 'UPSTREAM_THROTTLED' as const);
  const asked = fc.option(fc.nat(100_000), { nil: undefined });
  const random = fc.double({ min: 0, max: 1, noNaN: true });
  const attempts = fc.integer({ min: 1, max: 10 });
  fc.assert(
    fc.property(codes, attempts, random, asked, (code, attempt, drawn, retryAfterMs) => {
      const delay = backOffMs(failureOf(code, retryAfterMs), attempt, () => drawn);
      const base = code === 'UPSTREAM_THROTTLED' ? 500 : 50;
      const bound = Math.min(5000, base * 2 ** (attempt - 1));
      expect(delay).toBeGreaterThanOrEqual(retryAfterMs ?? 0);
      expect(delay).toBeLessThanOrEqual(Math.max(bound, retryAfterMs ?? 0));
    }),
  );
});
