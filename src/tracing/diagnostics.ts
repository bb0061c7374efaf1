import type { DiagLogger } from '@opentelemetry/api';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';

const QUIET_MS = 60_000;
/** The SDK does not limit the length of its messages. */
const MAX_LENGTH = 300;

/** Logs the SDK's errors and warnings, at most one a minute. */
export function diagLogger(logger: Logger, now: () => number): DiagLogger {
  let quietUntil = -Infinity;
  const warn = (...words: unknown[]): void => {
    if (now() < quietUntil) return;
    quietUntil = now() + QUIET_MS;
    const detail = words.filter((word) => typeof word === 'string').join(' ');
    logger.warn({ detail: detail.slice(0, MAX_LENGTH) }, 'OpenTelemetry reports a problem');
  };
  const ignore = (): void => undefined;
  return { error: warn, warn, info: ignore, debug: ignore, verbose: ignore };
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

/** A socket's code, or the collector's status; the error's message only if there is neither. */
function reasonOf(error: (Error & { readonly code?: string | number }) | undefined): string {
  return String(error?.code ?? error?.message ?? 'unknown').slice(0, MAX_LENGTH);
}
