import { setTimeout as sleep } from 'node:timers/promises';

import type { Response } from 'express';

import type { StreamMetrics } from '../metrics/streams.ts';
import type { Page } from '../rekognition/page.ts';
import { toAppError } from './error-handler.ts';
import { toProblem } from './problem.ts';
import { CallerLeft, contextOf, type StreamTally } from './request-context.ts';
import type { Stream } from './streams.ts';

/** A browser throws away what its page has not read yet when a connection breaks, so the break gives the last line time. */
const LAST_LINE_MS = 250;

/** Printable ASCII without quotation marks and backslashes. */
const PLAIN = /^[ !#-[\]-~]*$/;

interface SendPagesOptions {
  readonly stream: Stream;
  readonly first: Page;
  /** The page after the last one. */
  readonly next: () => Promise<Page>;
  /** Rekognition's token as one of this service. */
  readonly seal: (upstreamToken: string) => string;
  readonly metrics: StreamMetrics;
  /** How long a reader may take nothing, in milliseconds; between once and twice that, it is cut off. */
  readonly idleMs: number;
}

/**
 * Writes users, one a line, page after page. A page is fetched while the one before is written, and the next once the
 * kernel has all of that one: so one page at most waits in memory, and a reader who stops stops the calls. The response ends
 * cleanly only behind the last page; after a failure its last line is the problem, and the connection is destroyed.
 */
export function sendPages(options: SendPagesOptions): (res: Response) => Promise<void> {
  const { stream, first, next, metrics, idleMs } = options;
  return async (res) => {
    try {
      if (res.req.method === 'HEAD') res.end();
      else await writePages(res, first);
    } finally {
      stream.close();
    }
  };

  async function writePages(res: Response, firstPage: Page): Promise<void> {
    const left = contextOf(res).left();
    const tally = startTally(res);
    metrics.streamOpened();
    cutIdleReader(res, idleMs, tally);
    const count = (page: Page): Page => {
      tally.pages += 1;
      tally.users += page.users.length;
      metrics.streamPageSent(page.users.length);
      return page;
    };
    res.flushHeaders();
    let page = firstPage;
    try {
      while (page.nextToken !== undefined) {
        const ahead = next();
        // Its failure matters once the page before it is written, and not where that fails.
        ahead.catch(() => undefined);
        await write(res, linesOf(count(page)), stream.over);
        page = await ahead;
      }
      await handOver(left, (done) => res.end(linesOf(count(page)), done));
    } catch (thrown) {
      await endIncomplete(res, thrown, page.nextToken);
    } finally {
      metrics.streamEnded(tally.end);
    }
  }

  /** `nextToken` is of the first page that was not handed over. */
  async function endIncomplete(res: Response, thrown: unknown, nextToken: string | undefined): Promise<void> {
    if (!(thrown instanceof CallerLeft) && nextToken !== undefined) {
      const context = contextOf(res);
      const error = toAppError(thrown);
      context.error = error;
      if (context.stream) context.stream.end = error.code === 'SHUTTING_DOWN' ? 'shutdown' : 'failed';
      const problem = toProblem(error, res.req.originalUrl, context.requestId);
      const line = JSON.stringify({ ...problem, nextToken: options.seal(nextToken) });
      // A reader who is gone by now has missed only what he would have missed anyway.
      await write(res, `${line}\n`, context.left())
        .then(() => sleep(LAST_LINE_MS, undefined, { signal: context.left() }))
        .catch(() => undefined);
    }
    res.destroy();
  }
}

function startTally(res: Response): StreamTally {
  const tally: StreamTally = { pages: 0, users: 0, end: 'left' };
  contextOf(res).stream = tally;
  res.once('finish', () => {
    tally.end = 'complete';
  });
  return tally;
}

/** Node's time-out of a socket knows progress within one write, as the end of a write alone would not show it. */
function cutIdleReader(res: Response, idleMs: number, tally: StreamTally): void {
  res.setTimeout(idleMs, () => {
    // Nothing to take: it is Rekognition that is waited for, which has time-outs of its own.
    if (res.writableLength === 0) return;
    tally.end = 'idle';
    res.destroy();
  });
}

/** One user a line. Neighbours mostly have the same status. */
function linesOf({ users }: Page): string {
  let lines = '';
  let status: string | undefined;
  let end = '';
  for (const { userId, userStatus } of users) {
    if (userStatus !== status) end = `,"userStatus":${quote((status = userStatus))}}\n`;
    lines += `{"userId":${quote(userId)}${end}`;
  }
  return lines;
}

/** As JSON, which costs less for a text in which nothing needs a backslash. */
function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

function write(res: Response, text: string, signal: AbortSignal): Promise<void> {
  return handOver(signal, (done) => res.write(text, done));
}

/** Settles when the kernel has taken it all, or with the reason of `signal`. */
function handOver(
  signal: AbortSignal,
  put: (done: (error?: Error | null) => void) => unknown,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) {
      give();
      return;
    }
    signal.addEventListener('abort', give, { once: true });
    put((error) => {
      signal.removeEventListener('abort', give);
      if (error) reject(new CallerLeft('the caller left'));
      else resolve();
    });
  });
}
