/** Where the process is between its start and its end. */
export interface Lifecycle {
  /** False from the first moment of a shutdown. */
  readonly ready: boolean;
  /** True once new work is refused. */
  readonly draining: boolean;
  stopAccepting(): void;
  drain(): void;
}

/** A lifecycle that only goes forward. */
export function createLifecycle(): Lifecycle {
  let ready = true;
  let draining = false;
  return {
    get ready() {
      return ready;
    },
    get draining() {
      return draining;
    },
    stopAccepting() {
      ready = false;
    },
    drain() {
      ready = false;
      draining = true;
    },
  };
}
