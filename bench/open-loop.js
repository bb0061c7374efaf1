import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { Agent, request } from 'undici';

/** How long a caller waits before he gives up, in milliseconds: more than the service's deadline. */
const PATIENCE_MS = 12_000;

/** A stream of requests at even distances; `asks(n)` says what the n-th one asks for: `{ path, caller }`. */
export function evenly({ perSecond, seconds, asks, firstMs = 0 }) {
  return Array.from({ length: Math.round(perSecond * seconds) }, (_, n) => ({
    atMs: firstMs + (n * 1000) / perSecond,
    ...asks(n),
  }));
}

/**
 * Sends every request of the plan at its time, whatever became of the ones before it. Latency counts from the
 * intended time, so that a stall is charged to all who waited behind it. A status of 0 is no answer at all. Several
 * processes get them in turn.
 */
export async function offer(urls, plan) {
  const agent = new Agent({ connections: null });
  const startedAt = Date.now();
  const began = performance.now();
  const sinceStart = () => performance.now() - began;
  const open = [];
  for (const [n, ask] of plan.toSorted((a, b) => a.atMs - b.atMs).entries()) {
    const waitMs = ask.atMs - sinceStart();
    if (waitMs > 0) await setTimeout(waitMs);
    const lateMs = sinceStart() - ask.atMs;
    open.push(
      exchange(agent, urls[n % urls.length], ask).then((answer) => {
        const doneMs = sinceStart();
        return { ...ask, ...answer, lateMs, doneMs, latencyMs: doneMs - ask.atMs };
      }),
    );
  }
  const outcomes = await Promise.all(open);
  await agent.destroy();
  return { startedAt, outcomes };
}

async function exchange(dispatcher, url, { path, caller }) {
  try {
    const { statusCode, body } = await request(`${url}${path}`, {
      dispatcher,
      headers: { 'X-Forwarded-For': caller },
      headersTimeout: PATIENCE_MS,
      bodyTimeout: PATIENCE_MS,
    });
    const text = await body.text();
    return { status: statusCode, code: statusCode === 200 ? undefined : JSON.parse(text).code };
  } catch (error) {
    return { status: 0, code: error.name };
  }
}
