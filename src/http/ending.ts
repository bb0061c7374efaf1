import type { ServerResponse } from 'node:http';

/** The end of one response, whether it was sent or its connection went first. */
export interface Ending {
  readonly reached: boolean;
  /** Whether the kernel took the whole response. Node emits `finish` for a response that is cut as well. */
  readonly isSent: boolean;
  /** Calls `fn` once, at the end; at once where that is reached. What `fn` throws is reported, and harms nothing else. */
  readonly onReached: (fn: () => void) => void;
}

/**
 * Watches for the end of a response. Node emits no `close` for a response that still waits behind an unread one when its
 * connection ends, so the connection is watched as well.
 */
export function endingOf(res: ServerResponse, onBug: (error: unknown) => void): Ending {
  const { socket } = res.req;
  const followers: (() => void)[] = [];
  const attempt = (fn: () => void): void => {
    try {
      fn();
    } catch (error) {
      onBug(error);
    }
  };
  // Plain fields: V8 makes a class for each object with getters of its own, which outlives the request.
  const ending = {
    reached: false,
    isSent: false,
    onReached(fn: () => void): void {
      if (ending.reached) attempt(fn);
      else followers.push(fn);
    },
  };
  const end = (): void => {
    if (ending.reached) return;
    ending.reached = true;
    socket.off('close', end);
    followers.forEach(attempt);
  };
  res.once('finish', () => {
    ending.isSent = !socket.destroyed && !socket.errored;
  });
  res.once('close', end);
  socket.on('close', end);
  if (socket.closed) end();
  return ending;
}
