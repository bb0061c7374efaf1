import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

/** What a server knows of its connections, also of those that have left it through CONNECT. */
export interface Connections {
  /** Whether to answer a request; a connection on which too many responses are due is given up instead. */
  admit(req: IncomingMessage, res: ServerResponse): boolean;
  /** Whether a response is due or under way. */
  isAnswering(socket: Duplex): boolean;
  /** Sends the last bytes of a connection, and closes it soon, even if its client does not. */
  endWith(socket: Duplex, bytes: string): void;
  /** Closes connections without a response due, and without a part of a request. */
  readonly closeIdle: () => void;
  readonly closeAll: () => void;
}

/** How long clients may hold a connection without using it. */
export interface ClientTimeouts {
  /** For taking something of a response, in milliseconds. */
  readonly stalledMs: number;
  /** For closing their side of a connection that is refused, in milliseconds. */
  readonly refusedMs: number;
}

interface Connection {
  readonly socket: Socket;
  /** Answers due. */
  due: number;
  refused: boolean;
  /** Nothing behind the present request is read. */
  isLast: boolean;
  /** Bytes received by the last request; more than these are part of the next. None until there is a request. */
  readAt: number | undefined;
  /** Bytes taken by the client when it was last looked at, and how often these had not changed. */
  taken: number;
  stalledChecks: number;
}

/** Clients that pipeline have two or three requests open. Each unread response costs its memory. */
const MAX_ANSWERS_DUE = 16;
/** A stalled client is cut within a twelfth of its time. */
const CHECKS = 12;

/** Follows the connections of a server. */
export function trackConnections(server: Server, { stalledMs, refusedMs }: ClientTimeouts): Connections {
  const open = new Map<Duplex, Connection>();
  server.on('connection', (socket: Socket) => {
    open.set(socket, {
      socket,
      due: 0,
      refused: false,
      isLast: false,
      readAt: undefined,
      taken: 0,
      stalledChecks: 0,
    });
    // Each answer due listens for the end, beside the ten listeners that Node takes for usual.
    socket.setMaxListeners(MAX_ANSWERS_DUE + 10);
    // Node takes its own listener off at CONNECT; a reset would then end the process.
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
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
      // The parser hands on what stood behind the last request in the same packet.
      if (!connection || connection.isLast || socket.destroyed) return false;
      if (connection.due === MAX_ANSWERS_DUE) {
        socket.destroy();
        return false;
      }
      if (headers.upgrade !== undefined) {
        // The offer is ignored, but Node throws away what stands behind it in the same packet.
        connection.isLast = true;
        res.setHeader('Connection', 'close');
      }
      connection.due += 1;
      connection.readAt = socket.bytesRead;
      res.once('close', () => {
        connection.due -= 1;
      });
      return true;
    },
    isAnswering: (socket) => (open.get(socket)?.due ?? 0) > 0,
    endWith(socket, bytes) {
      const connection = open.get(socket);
      if (connection) connection.refused = true;
      // Read on, or the client's end would not be noticed.
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

/** For Node a response is sent once it has ended. Here it is due until the kernel has all of it. */
function isIdle({ socket, due, refused, readAt }: Connection): boolean {
  return due === 0 && socket.writableLength === 0 && (refused || socket.bytesRead === readAt);
}

/**
 * Whether no write was taken whole for as long as a client may stall. Not Node's time-out of a socket, which
 * whatever the client sends puts off.
 */
function isStalled(connection: Connection): boolean {
  const { socket } = connection;
  const waiting = socket.writableLength;
  const taken = waiting === 0 ? 0 : socket.bytesWritten - waiting;
  connection.stalledChecks = waiting > 0 && taken === connection.taken ? connection.stalledChecks + 1 : 0;
  connection.taken = taken;
  return connection.stalledChecks >= CHECKS;
}
