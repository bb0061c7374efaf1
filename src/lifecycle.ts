import { AppError } from './errors.ts';

/** Where the process is between its start and its end. */
export interface Lifecycle {
  /** False from the first moment of a shutdown. */
  readonly ready: boolean;
  /** Aborts at the first moment of a shutdown. */
  readonly stopping: AbortSignal;
  /** True once new work is refused. */
  readonly draining: boolean;
  /** Aborts shortly before open connections are closed, with what to tell the readers of streams. */
  readonly ending: AbortSignal;
  stopAccepting(): void;
  drain(): void;
  endStreams(): void;
}

/** A lifecycle that only goes forward. */
export function createLifecycle(): Lifecycle {
  const stopping = new AbortController();
  let draining = false;
  const ending = new AbortController();
  return {
    get ready() {
      return !stopping.signal.aborted;
    },
    get draining() {
      return draining;
    },
    stopping: stopping.signal,
    ending: ending.signal,
    stopAccepting() {
      stopping.abort();
    },
    drain() {
      stopping.abort();
      draining = true;
    },
    endStreams() {
      ending.abort(shuttingDown());
    },
  };
}

/** What requests and the readers of streams are told then. */
export function shuttingDown(): AppError {
  return new AppError('SHUTTING_DOWN', 'This instance is shutting down. Retry; another one will answer.', {
    retryAfterS: 1,
    headers: { Connection: 'close' },
  });
}
