interface Bounds {
  /** Milliseconds until the work is given up. */
  readonly ms: number;
  /** Gives the work up too, with its own reason. */
  readonly parent: AbortSignal;
  /** The error of the time-out. */
  readonly onTimeout: () => Error;
}

/**
 * Runs `work` with a signal that aborts when the parent does or after `ms`. It settles then even if `work`
 * ignores the signal, as the SDK's credential lookup does; what `work` does later is of no consequence.
 */
export async function within<T>(bounds: Bounds, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { ms, parent, onTimeout } = bounds;
  parent.throwIfAborted();
  const controller = new AbortController();
  const { signal } = controller;
  const forward = (): void => {
    controller.abort(parent.reason);
  };
  const timer = setTimeout(() => {
    controller.abort(onTimeout());
  }, ms);
  parent.addEventListener('abort', forward, { once: true });
  try {
    return await new Promise<T>((resolve, reject) => {
      // Registered before the work's own listeners, so that the reason wins over its AbortError.
      signal.addEventListener(
        'abort',
        () => {
          reject(signal.reason as Error);
        },
        { once: true },
      );
      work(signal).then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
    parent.removeEventListener('abort', forward);
  }
}
