import type { RequestListener, ServerResponse } from 'node:http';

import type { Logger } from 'pino';

import type { Metrics } from '../metrics/metrics.ts';

interface ServeMetricsOptions {
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  readonly logger: Logger;
}

/** `GET /metrics`, and nothing else: for a port of its own, which callers do not reach. */
export function serveMetrics({ metrics, logger }: ServeMetricsOptions): RequestListener {
  return (req, res) => {
    if (req.url?.replace(/\?.*$/s, '') !== '/metrics') answer(res, 404, 'There is only /metrics.\n');
    else if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.setHeader('Allow', 'GET, HEAD');
      answer(res, 405, 'Use GET.\n');
    } else {
      metrics.text().then(
        (text) => {
          answer(res, 200, text, metrics.contentType);
        },
        (err: unknown) => {
          logger.error({ err }, 'the metrics cannot be read');
          answer(res, 500, 'The metrics cannot be read; see the log.\n');
        },
      );
    }
  };
}

function answer(res: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  res.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  res.end(text);
}
