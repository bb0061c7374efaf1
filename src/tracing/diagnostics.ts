import type { DiagLogger } from '@opentelemetry/api';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';

const QUIET_MS = 60_000;
/** The SDK decides how long and how many its messages are. The log has a bound for both. */
const MAX_LENGTH = 300;

/** What the SDK complains of, as lines of the log, one a minute at most. */
export function diagLogger(logger: Logger, now: () => number): DiagLogger {
  let quietUntil = -Infinity;
  const say = (...words: unknown[]): void => {
    if (now() < quietUntil) return;
    quietUntil = now() + QUIET_MS;
    const detail = words.filter((word) => typeof word === 'string').join(' ');
    logger.warn({ detail: detail.slice(0, MAX_LENGTH) }, 'OpenTelemetry reports a problem');
  };
  const ignore = (): void => undefined;
  return { error: say, warn: say, info: ignore, debug: ignore, verbose: ignore };
}

/** An exporter that says once that the collector does not take its spans, and once that it does again. */
export function loggedExporter(exporter: SpanExporter, logger: Logger): SpanExporter {
  let failing = false;
  const report = ({ code, error }: ExportResult): void => {
    const failed = code !== ExportResultCode.SUCCESS;
    if (failed === failing) return;
    failing = failed;
    if (failed)
      logger.warn({ reason: reasonOf(error) }, 'the collector does not accept spans: they are lost');
    else logger.info('the collector accepts spans again');
  };
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        report(result);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

/** A socket's code, or the collector's status; its own words only where there is neither. */
function reasonOf(error: (Error & { readonly code?: string | number }) | undefined): string {
  return String(error?.code ?? error?.message ?? 'unknown').slice(0, MAX_LENGTH);
}
