import { pino, type Logger } from 'pino';
import type { prettyFactory } from 'pino-pretty';

import type { Output } from './standard-output.ts';

interface LoggerOptions {
  readonly level: string;
  /** Makes lines readable, for development; without it they are JSON. */
  readonly pretty?: { readonly prettyFactory: typeof prettyFactory } | undefined;
  readonly output: Pick<Output, 'write'>;
}

/** The service's log. Of an error it has only the name, the message and the stack. */
export function createLogger({ level, pretty, output }: LoggerOptions): Logger {
  const render = pretty?.prettyFactory({ ignore: 'caller', singleLine: true });
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      serializers: { err: plainError },
    },
    {
      write(line) {
        output.write(render?.(line) ?? line);
      },
    },
  );
}

/** Errors of the SDK contain whole responses, which must stay out of the log. */
function plainError(error: unknown): unknown {
  return error instanceof Error
    ? { type: error.name, message: error.message, stack: error.stack }
    : String(error);
}
