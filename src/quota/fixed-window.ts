/** Counts by key, each in windows of equal length. */
export interface FixedWindow {
  /** Counts one more: how many there are in the present window of the key, and when that ends. */
  hit(key: string): { readonly count: number; readonly remainingMs: number };
}

interface FixedWindowOptions {
  readonly windowMs: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** The window of a key begins with its first hit, and the next one with the first hit after its end. */
export function createFixedWindow({
  windowMs,
  now = () => performance.now(),
}: FixedWindowOptions): FixedWindow {
  // In the order of their ends, since all are equally long.
  const windows = new Map<string, { count: number; readonly endsAt: number }>();
  return {
    hit(key) {
      const at = now();
      for (const [ended, { endsAt }] of windows) {
        if (endsAt > at) break;
        windows.delete(ended);
      }
      const window = windows.get(key) ?? { count: 0, endsAt: at + windowMs };
      windows.set(key, window);
      window.count += 1;
      return { count: window.count, remainingMs: window.endsAt - at };
    },
  };
}
