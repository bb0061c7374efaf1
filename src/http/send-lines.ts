import { setTimeout as sleep } from 'node:timers/promises';

import type { Response } from 'express';

import type { UpstreamResult } from '../rekognition/operation.ts';
import type { UpstreamPage } from '../rekognition/page.ts';
import { appErrorOf } from './error-handler.ts';
import type { OperationDeps } from './operation.ts';
import { toProblem } from './problem.ts';
import { createReaderWatch } from './reader-watch.ts';
import { ClientLeft, contextOf, type StreamStats } from './context.ts';
import type { Stream } from './streams.ts';
import { write, writePage } from './write-page.ts';

/** When a connection breaks, a browser discards what its page has not read. The last line gets this time to be read. */
const LAST_LINE_MS = 250;
/** The longest time between two checks of a reader. */
const WATCH_MS = 250;
/** What the kernel holds varies, so a reader's speed is measured with an error of some percent, in favour of the reader. */
const MEASURED = 0.95;

type Result = UpstreamResult<UpstreamPage<unknown>>;

interface SendLinesOptions {
  readonly stream: Stream;
  readonly first: Result;
  /** Rekognition's token of the first page. */
  readonly from: string | undefined;
  /** Fetches the next page. */
  readonly next: () => Promise<Result>;
  /** Turns Rekognition's token into one of this service. */
  readonly seal: (upstreamToken: string) => string;
  readonly deps: Pick<OperationDeps, 'metrics' | 'reader'>;
}

/**
 * Writes items, one a line, page after page. While a page is written, the next one is fetched, and none after it until
 * the kernel has taken the whole page. So at most one page waits in memory, and a reader who stops reading stops the
 * calls. The response ends cleanly only after the last page. After a failure its last line is the problem, and the
 * connection is destroyed.
 */
export async function sendLines(res: Response, options: SendLinesOptions): Promise<void> {
  const { stream, deps } = options;
  if (res.req.method === 'HEAD') {
    res.end();
    stream.close();
    return;
  }
  const context = contextOf(res);
  const stats: StreamStats = { pages: 0, items: 0, end: 'left' };
  context.stream = stats;
  stream.begin();
  deps.metrics.streamsOpen.inc();
  const stopWatch = watchReader(res, deps.reader, stats);
  res.once('finish', () => {
    if (context.isSent()) stats.end = 'complete';
  });
  context.onEnded(() => {
    stopWatch();
    deps.metrics.streamsOpen.dec();
    deps.metrics.streamsEnded.inc({ end: stats.end });
  });
  res.flushHeaders();
  await writePages(res, options, stats);
  stream.close();
}

async function writePages(res: Response, options: SendLinesOptions, stats: StreamStats): Promise<void> {
  const { first, from, next, stream, deps } = options;
  let page = first.output;
  let token = from;
  try {
    for (;;) {
      const { items, nextToken } = page;
      const ahead = nextToken === undefined ? undefined : next();
      // Its failure is handled below, once the present page is written.
      ahead?.catch(() => undefined);
      await writePage(res, items, stream.over);
      stats.pages += 1;
      stats.items += items.length;
      deps.metrics.streamPages.inc();
      deps.metrics.streamItems.inc(items.length);
      token = nextToken;
      if (!ahead) break;
      page = (await ahead).output;
    }
    res.end();
  } catch (error) {
    await endIncomplete(res, options, error, token);
  }
}

/** `token` is Rekognition's for the first page that was not written; the first page of a listing has none. */
async function endIncomplete(
  res: Response,
  { seal }: SendLinesOptions,
  thrown: unknown,
  token: string | undefined,
): Promise<void> {
  const context = contextOf(res);
  if (!(thrown instanceof ClientLeft)) {
    const error = appErrorOf(thrown);
    context.error = error;
    if (context.stream) context.stream.end = error.code === 'SHUTTING_DOWN' ? 'shutdown' : 'failed';
    const problem = toProblem(error, res.req.originalUrl, context.requestId);
    const line = JSON.stringify({ ...problem, ...(token !== undefined && { nextToken: seal(token) }) });
    // A reader who has left needs no last line.
    await write(res, `${line}\n`, context.clientSignal())
      .then(() => sleep(LAST_LINE_MS, undefined, { signal: context.clientSignal() }))
      .catch(() => undefined);
  }
  res.destroy();
}

/** Cuts off a reader that takes nothing, or too little. */
function watchReader(res: Response, limits: OperationDeps['reader'], stats: StreamStats): () => void {
  const { socket } = res.req;
  const progress = () => ({
    at: performance.now(),
    takenBytes: socket.bytesWritten - socket.writableLength,
    // What waits in the response itself, behind another one on its connection, cannot be taken yet.
    isPending: socket.writableLength > 0,
  });
  const minBytesPerSecond = MEASURED * limits.minBytesPerSecond;
  const judge = createReaderWatch({ ...limits, minBytesPerSecond }, progress());
  const timer = setInterval(
    () => {
      const reason = judge(progress());
      if (!reason) return;
      stats.end = reason;
      res.destroy();
      socket.destroy();
    },
    Math.min(WATCH_MS, limits.idleMs / 4),
  );
  return () => {
    clearInterval(timer);
  };
}
