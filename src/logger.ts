import { pino, type DestinationStream, type Logger } from 'pino';
import { build as pretty } from 'pino-pretty';

interface LoggerOptions {
  readonly level: string;
  /** JSON lines in production; readable ones in development. */
  readonly production: boolean;
  /** Standard output, unless a test says otherwise. */
  readonly destination?: DestinationStream;
}

/** The service's log. What must not be in it is not handed to it: of an error, only its name, message and stack. */
export function createLogger({ level, production, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: plainError },
  };
  if (destination) return pino(options, destination);
  return production
    ? pino(options)
    : pino(options, pretty({ sync: true, ignore: 'caller', singleLine: true }));
}

/** Errors of the SDK carry whole responses with them; those stay out of the log. */
function plainError(error: unknown): unknown {
  return error instanceof Error
    ? { type: error.name, message: error.message, stack: error.stack }
    : String(error);
}
