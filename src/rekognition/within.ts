interface Bounds {
  /** Milliseconds until it is given up. */
  readonly ms: number;
  /** Gives it up too, with its own reason. */
  readonly parent: AbortSignal;
  /** The error of the time-out. */
  readonly onTimeout: () => Error;
}

/**
 * Runs `work` with a signal that aborts when the parent does or after `ms`. It settles then even if `work`
 * ignores the signal, as the SDK's credential lookup does; what `work` does later is of no consequence.
 */
export async function within<T>(bounds: Bounds, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  bounds.parent.throwIfAborted();
  const controller = new AbortController();
  return waitWithin(bounds, work(controller.signal), (reason) => {
    controller.abort(reason);
  });
}

/** Waits for what goes on without this waiter, no longer than the bounds allow. */
export function waitWithin<T>(
  { ms, parent, onTimeout }: Bounds,
  awaited: Promise<T>,
  onGivenUp?: (reason: Error) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settled = (): void => {
      clearTimeout(timer);
      parent.removeEventListener('abort', onAbort);
    };
    const giveUp = (reason: Error): void => {
      settled();
      // First, so that the reason wins over the AbortError of what is given up.
      reject(reason);
      onGivenUp?.(reason);
    };
    const onAbort = (): void => {
      giveUp(parent.reason as Error);
    };
    const timer = setTimeout(() => {
      giveUp(onTimeout());
    }, ms);
    parent.addEventListener('abort', onAbort);
    awaited.then(settled, settled);
    awaited.then(resolve, reject);
    if (parent.aborted) onAbort();
  });
}
