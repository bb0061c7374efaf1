import { pino } from 'pino';

/** Where the log goes. */
export interface Output {
  readonly write: (text: string) => void;
  /** Calls back when everything is written; never, where nobody reads. */
  readonly flush: (done: () => void) => void;
}

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
    // Without a least length nothing is flushed periodically.
    minLength: 1,
    periodicFlush: RETRY_MS,
  });
  // A full pipe or disk: what was not written is tried again.
  destination.on('error', () => undefined);
  return {
    write(text) {
      destination.write(text);
    },
    flush(done) {
      destination.flush(done);
    },
  };
}
