import type { RequestListener, ServerResponse } from 'node:http';

import type { Logger } from 'pino';

import type { Metrics } from '../metrics/metrics.ts';

interface ServeMetricsOptions {
  /** The registry of the metrics. */
  readonly metrics: Pick<Metrics, 'registry'>;
  readonly logger: Logger;
}

/** `GET /metrics`, and nothing else: for a port of its own, which callers do not reach. */
export function serveMetrics({ metrics: { registry }, logger }: ServeMetricsOptions): RequestListener {
  return (req, res) => {
    if (req.url?.replace(/\?.*$/s, '') !== '/metrics') respond(res, 404, 'There is only /metrics.\n');
    else if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.setHeader('Allow', 'GET, HEAD');
      respond(res, 405, 'Use GET.\n');
    } else {
      registry.metrics().then(
        (text) => {
          respond(res, 200, text, registry.contentType);
        },
        (err: unknown) => {
          logger.error({ err }, 'the metrics cannot be read');
          respond(res, 500, 'The metrics cannot be read; see the log.\n');
        },
      );
    }
  };
}

function respond(
  res: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  res.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  res.end(text);
}
