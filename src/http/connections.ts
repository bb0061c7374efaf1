import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

/** The connections of a server. Node itself no longer tracks a connection that sent CONNECT. */
export interface Connections {
  /** Whether to answer a request. If too many responses are due already, it destroys the connection. */
  admit(req: IncomingMessage, res: ServerResponse): boolean;
  /** Whether a response is due or under way. */
  isAnswering(socket: Duplex): boolean;
  /** Sends the last bytes of a connection, and closes it soon, even if its client does not. */
  endWith(socket: Duplex, bytes: string): void;
  /** Closes connections on which no response is due, and no request has begun to arrive. */
  readonly closeIdle: () => void;
  readonly closeAll: () => void;
}

/** How long clients may hold a connection without using it, in milliseconds. */
export interface ClientTimeouts {
  /** Without taking anything of a response. */
  readonly stalledMs: number;
  /** Without closing their side of a connection that is refused. */
  readonly refusedMs: number;
}

interface Connection {
  readonly socket: Socket;
  readonly openedAt: number;
  /** Responses due. */
  due: number;
  /** Requests that were admitted. */
  requests: number;
  refused: boolean;
  /** Requests behind the present one are ignored. */
  isLast: boolean;
  /** Bytes received up to the last request: further ones belong to the next. Undefined before the first request. */
  readAt: number | undefined;
  /** Bytes that the client had taken at the last check, and how many checks in a row found no more. */
  taken: number;
  stalledChecks: number;
}

/** A balancer may send its first request a moment after it has connected, so a new connection is not idle. */
const NEW_MS = 1000;
/** Clients that pipeline have two or three requests open. Each unread response costs its memory. */
const MAX_ANSWERS_DUE = 16;
/** While more are due on all connections together, none may pipeline: a request may take 64 KB until it is answered. */
const MAX_ANSWERS_DUE_IN_ALL = 1000;
/**
 * The last of these closes its connection, so that long-lived connections spread over new replicas. Not Node's
 * `maxRequestsPerSocket`, which leaves it open, and answers further requests with a bare 503.
 */
const MAX_REQUESTS_PER_CONNECTION = 10_000;
/** Checks in `stalledMs`, so a stalled client is cut off at most a twelfth of it late. */
const CHECKS = 12;

/** Follows the connections of a server. */
export function trackConnections(server: Server, { stalledMs, refusedMs }: ClientTimeouts): Connections {
  const open = new Map<Duplex, Connection>();
  let dueInAll = 0;
  server.on('connection', (socket: Socket) => {
    const connection = {
      socket,
      openedAt: performance.now(),
      due: 0,
      requests: 0,
      refused: false,
      isLast: false,
      readAt: undefined,
      taken: 0,
      stalledChecks: 0,
    };
    open.set(socket, connection);
    // Each response due listens for the end of its connection, besides the ten listeners that Node expects.
    socket.setMaxListeners(MAX_ANSWERS_DUE + 10);
    // Node removes its own listener at CONNECT. Without this one a reset would then end the process.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      open.delete(socket);
      dueInAll -= connection.due;
    });
  });
  const checking = setInterval(() => {
    for (const connection of open.values()) if (isStalled(connection)) connection.socket.destroy();
  }, stalledMs / CHECKS).unref();
  server.once('close', () => {
    clearInterval(checking);
  });

  return {
    admit({ socket, headers }, res) {
      const connection = open.get(socket);
      // The parser passes on further requests of the same packet, even after the last one.
      if (!connection || connection.isLast || socket.destroyed) return false;
      const isPipelined = connection.due > 0;
      if (connection.due === MAX_ANSWERS_DUE || (isPipelined && dueInAll >= MAX_ANSWERS_DUE_IN_ALL)) {
        socket.destroy();
        return false;
      }
      connection.requests += 1;
      // An upgrade is ignored, but Node discards what follows it in the same packet.
      if (headers.upgrade !== undefined || connection.requests === MAX_REQUESTS_PER_CONNECTION) {
        connection.isLast = true;
        res.setHeader('Connection', 'close');
      }
      connection.due += 1;
      dueInAll += 1;
      connection.readAt = socket.bytesRead;
      res.once('close', () => {
        // Counted already if the connection closed first.
        if (!open.has(socket)) return;
        connection.due -= 1;
        dueInAll -= 1;
      });
      return true;
    },
    isAnswering: (socket) => (open.get(socket)?.due ?? 0) > 0,
    endWith(socket, bytes) {
      const connection = open.get(socket);
      if (connection) connection.refused = true;
      // Without reading, the client's close would go unnoticed.
      socket.resume().end(bytes);
      setTimeout(() => socket.destroy(), refusedMs).unref();
    },
    closeIdle() {
      for (const connection of open.values()) if (isIdle(connection)) connection.socket.destroy();
    },
    closeAll() {
      for (const socket of open.keys()) socket.destroy();
    },
  };
}

/** Node counts a response as sent once it has ended. Here it is due until the kernel has taken all of it. */
function isIdle({ socket, due, refused, readAt, openedAt }: Connection): boolean {
  if (due > 0 || socket.writableLength > 0) return false;
  if (refused) return true;
  if (readAt !== undefined) return socket.bytesRead === readAt;
  return socket.bytesRead === 0 && performance.now() - openedAt >= NEW_MS;
}

/**
 * Whether no write has completed for as long as a client may stall. Not Node's time-out of a socket, which restarts
 * whenever the client sends something.
 */
function isStalled(connection: Connection): boolean {
  const { socket } = connection;
  const waiting = socket.writableLength;
  const taken = waiting === 0 ? 0 : socket.bytesWritten - waiting;
  connection.stalledChecks = waiting > 0 && taken === connection.taken ? connection.stalledChecks + 1 : 0;
  connection.taken = taken;
  return connection.stalledChecks >= CHECKS;
}
