import { pino, type Logger } from 'pino';
import type { prettyFactory } from 'pino-pretty';

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

/** Where the log goes. */
export interface Output {
  readonly write: (text: string) => void;
  /** Calls back when everything is written; never, if no one reads. */
  readonly flush: (done: () => void) => void;
}

/** The lines of one turn of the event loop are one write, or several if they exceed this: about 15 lines. */
const PIECE_BYTES = 4096;
/** About 3,000 lines of the log. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** How often waiting lines are tried again. */
const RETRY_MS = 100;

/**
 * Standard output that never blocks: lines that cannot be written wait, and beyond a limit they are lost. It has no
 * `flushSync`, since pino would wait in it for a reader or a disk, perhaps for ever.
 */
export function openStandardOutput(): Output {
  const destination = pino.destination({
    // Reading `process.stdout` makes Node set a pipe to non-blocking.
    dest: process.stdout.fd,
    sync: true,
    // Otherwise the process would sleep until a pipe is read.
    retryEAGAIN: () => false,
    maxLength: MAX_WAITING_BYTES,
    minLength: PIECE_BYTES,
    periodicFlush: RETRY_MS,
  });
  // A full pipe or disk: the unwritten lines are tried again.
  destination.on('error', () => undefined);
  let isDue = false;
  const flush = (): void => {
    isDue = false;
    destination.flush();
  };
  // Writes the last lines of a process that ends within a turn.
  process.once('exit', flush);
  return {
    write(text) {
      destination.write(text);
      if (!isDue) setImmediate(flush);
      isDue = true;
    },
    flush(done) {
      destination.flush(done);
    },
  };
}
