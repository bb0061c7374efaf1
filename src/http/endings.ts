import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The end of one response, whether it was sent or its connection went first. */
export interface Ending {
  readonly reached: boolean;
  /**
   * Whether the kernel took the whole answer. Node emits `finish`, and sets `writableFinished`, for one that is cut as
   * well.
   */
  readonly isSent: boolean;
  /** Calls `fn` once, at the end; at once where that is reached. What `fn` throws is reported, and harms nothing else. */
  readonly onReached: (fn: () => void) => void;
}

/** Knows when responses end. */
export interface Endings {
  of(res: ServerResponse): Ending;
}

/**
 * Node emits no `close` for a response that still waits behind an unread one when its connection ends. So the connection
 * is watched as well, with one listener, however many responses wait.
 */
export function createEndings(onBug: (error: unknown) => void): Endings {
  const open = new WeakMap<Socket, Set<() => void>>();

  const openOn = (socket: Socket): Set<() => void> => {
    const known = open.get(socket);
    if (known) return known;
    const ends = new Set<() => void>();
    open.set(socket, ends);
    socket.once('close', () => {
      for (const end of ends) end();
    });
    return ends;
  };

  const attempt = (fn: () => void): void => {
    try {
      fn();
    } catch (error) {
      onBug(error);
    }
  };

  return {
    of(res) {
      const { socket } = res.req;
      const ends = openOn(socket);
      const followers: (() => void)[] = [];
      let reached = false;
      let isSent = false;
      const end = (): void => {
        if (reached) return;
        reached = true;
        ends.delete(end);
        for (const fn of followers) attempt(fn);
      };
      ends.add(end);
      res.once('finish', () => {
        isSent = !socket.destroyed && !socket.errored;
      });
      res.once('close', end);
      if (socket.closed) end();
      return {
        get reached() {
          return reached;
        },
        get isSent() {
          return isSent;
        },
        onReached(fn) {
          if (reached) attempt(fn);
          else followers.push(fn);
        },
      };
    },
  };
}
