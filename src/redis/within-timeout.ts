/** The longest wait for a reply of Redis, in milliseconds. */
export const REDIS_TIMEOUT_MS = 250;

/**
 * The result of `work`, or undefined if it fails or takes too long. A reply that arrived while this process was busy is
 * in time: sockets are read after timers, so this waits for one more turn of the event loop.
 */
export function withinTimeout<T>(work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      setImmediate(resolve, undefined);
    }, REDIS_TIMEOUT_MS);
    const settle = (reply: T | undefined): void => {
      clearTimeout(timer);
      resolve(reply);
    };
    // The connection reports why there is no reply; here it only matters that there is none.
    work.then(settle, () => {
      settle(undefined);
    });
  });
}
