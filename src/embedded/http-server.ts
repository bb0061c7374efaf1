import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { AwsException, exceptionReply } from './aws-exception.ts';
import type { Handler } from './handler.ts';
import type { HttpReply } from './reply.ts';

const maxBodyBytes = 1024 * 1024;
const stopGraceMs = 500;

interface HttpServerOptions {
  readonly handle: Handler;
  /** Called with an error that no client can cause. */
  readonly onBug: (error: unknown) => void;
}

/** A server that hands whole requests to a handler and sends its replies. It does not listen yet. */
export function createHttpServer({ handle, onBug }: HttpServerOptions): Server {
  const limits = {
    headersTimeout: 5_000,
    requestTimeout: 10_000,
    connectionsCheckingInterval: 1_000,
    // Longer than clients keep idle connections, so that they seldom send into a closing one.
    keepAliveTimeout: 65_000,
  };
  const server = createServer(limits, (request, response) => {
    serve(request, response, handle).catch((error: unknown) => {
      onBug(error);
      request.destroy();
    });
  });
  // Node would write a refusal, which the client could take for the reply to an earlier request that is still due.
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}

/** Stops listening and closes idle connections, lets responses in progress finish, and cuts what is still open after half a second. */
export function stopHttpServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.closeAllConnections();
    }, stopGraceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}

async function serve(request: IncomingMessage, response: ServerResponse, handle: Handler): Promise<void> {
  // A client that leaves in the middle of its request gets no reply.
  const body = await readBody(request).catch(() => undefined);
  if (body === undefined) return;
  if (body === 'too large') {
    response.setHeader('connection', 'close');
    send(request, response, exceptionReply(new AwsException('RequestEntityTooLargeException')));
    return;
  }
  const { method = '', url: path = '', headersDistinct: headers } = request;
  send(request, response, await handle({ method, path, headers, body }));
}

async function readBody(request: IncomingMessage): Promise<Buffer | 'too large'> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) return 'too large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, contentType, body, delivery }: HttpReply,
): void {
  if (delivery === 'silence') return;
  if (delivery === 'reset') {
    // Not the response's, which has none while an earlier one is due.
    request.socket.resetAndDestroy();
    return;
  }
  response.writeHead(status, {
    'x-amzn-requestid': randomUUID(),
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
  });
  if (delivery === 'whole') response.end(body);
  else response.write(body.slice(0, body.length / 2), () => response.destroy());
}
