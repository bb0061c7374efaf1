import { pino, type DestinationStream, type Logger } from 'pino';
import { build as pretty } from 'pino-pretty';

interface LoggerOptions {
  readonly level: string;
  /** JSON lines in production; readable ones in development. */
  readonly production: boolean;
  /** Standard output, unless a test says otherwise. */
  readonly destination?: DestinationStream;
}

/** The service's log. What must not be in it is not handed to it; the redaction is the second line of defence. */
export function createLogger({ level, production, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: [
      '*.authorization',
      '*.cookie',
      '*.secretAccessKey',
      '*.nextToken',
      'err.$response',
      'err.config',
    ],
  };
  if (destination) return pino(options, destination);
  return production
    ? pino(options)
    : pino(options, pretty({ sync: true, ignore: 'caller', singleLine: true }));
}
