import { pino } from 'pino';

/** Where the log goes. */
export interface Output {
  readonly write: (text: string) => void;
  /** Calls back when everything is written; never, where nobody reads. */
  readonly flush: (done: () => void) => void;
}

/** What one turn of the event loop writes goes out in one piece, and earlier where it is this long: about 15 lines. */
const PIECE_BYTES = 4096;
/** About 3,000 lines of the log. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** How often what waits is tried again. */
const RETRY_MS = 100;

/**
 * Standard output that holds up nothing: what cannot be written waits, up to a bound; beyond it lines are lost. It is no
 * `flushSync` for pino, which would wait in it for a reader, or for a disk, for ever.
 */
export function openStandardOutput(): Output {
  const destination = pino.destination({
    // Asked for, Node makes it non-blocking where it is a pipe.
    dest: process.stdout.fd,
    sync: true,
    // Otherwise the process would sleep until a pipe is read.
    retryEAGAIN: () => false,
    maxLength: MAX_WAITING_BYTES,
    minLength: PIECE_BYTES,
    periodicFlush: RETRY_MS,
  });
  // A full pipe or disk: what was not written is tried again.
  destination.on('error', () => undefined);
  let isDue = false;
  const flush = (): void => {
    isDue = false;
    destination.flush();
  };
  // The last lines of a process that ends within a turn.
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
