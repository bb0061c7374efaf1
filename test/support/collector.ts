import { createServer, type IncomingHttpHeaders } from 'node:http';

import { listen } from './listen.ts';
import { readSpans, type ReceivedSpan } from './otlp.ts';

interface Received {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A collector that keeps what it is sent. */
export interface Collector {
  readonly url: string;
  readonly requests: readonly Received[];
  readonly spans: () => ReceivedSpan[];
  /** What it answers from now on; `hang`: nothing, with the connection open. */
  answer(status: number | 'hang'): void;
  stop(): Promise<void>;
}

/** Starts a collector of OTLP over HTTP on a free port. */
export async function startCollector(): Promise<Collector> {
  const requests: Received[] = [];
  let answer: number | 'hang' = 200;
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.once('end', () => {
      requests.push({ path: req.url, headers: req.headers, body: Buffer.concat(chunks) });
      if (answer !== 'hang') res.writeHead(answer, { 'Content-Type': 'application/x-protobuf' }).end();
    });
  });
  return {
    ...(await listen(server)),
    requests,
    spans: () => requests.flatMap(({ body }) => readSpans(body)),
    answer(status) {
      answer = status;
    },
  };
}
