import {
  createServer,
  STATUS_CODES,
  type RequestListener,
  type Server,
  type ServerOptions,
  IncomingMessage,
  ServerResponse,
} from 'node:http';
import type { Express } from 'express';

import { AppError } from '../errors.ts';
import { commonHeaders } from './common-headers.ts';
import { requestIdFrom } from './context.ts';
import { trackConnections, type ClientTimeouts } from './connections.ts';
import { ALLOW } from './error-handler.ts';
import { PROBLEM_TYPE, problemHeaders, toProblem } from './problem.ts';
import { MAX_HEADERS } from './well-formed.ts';

/** An incomplete request is cut off at the first check after this time, so within 15 s. */
const REQUEST_TIMEOUT_MS = 12_000;
const CHECK_INTERVAL_MS = 1000;
/** Load balancers keep idle connections for 60 s, and answer 502 if the service closes one first. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** Far more than load balancers open. It limits the memory and descriptors that slow clients can hold. */
const MAX_CONNECTIONS = 2000;
const TIMEOUTS: ClientTimeouts = { stalledMs: 60_000, refusedMs: 5000 };

/** The HTTP server: time-outs, bounds, and problem documents for what the parser itself refuses. */
export function createListener(
  handler: RequestListener,
  classes: Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> = {},
  timeouts = TIMEOUTS,
): Server {
  const server = createServer({
    ...classes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Node would refuse with an empty 400; the app refuses with a problem document.
    requireHostHeader: false,
  });
  server.maxConnections = MAX_CONNECTIONS;
  // Node drops further headers silently, and the app refuses a request that has more than `MAX_HEADERS`.
  server.maxHeadersCount = MAX_HEADERS + 1;
  const connections = trackConnections(server, timeouts);
  const serve: RequestListener = (req, res) => {
    if (connections.admit(req, res)) handler(req, res);
  };
  // A request with `Expect` has an event of its own. `100 Continue` is never sent, since bodies are refused. Other
  // expectations are ignored.
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, serve);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // A refusal written now would be taken for the response that is still due on this connection.
    if (error.code === 'ECONNRESET' || !socket.writable || connections.isAnswering(socket)) socket.destroy();
    else connections.endWith(socket, refusal(parserError(error.code)));
  });
  server.on('connect', (_req, socket) => {
    if (connections.isAnswering(socket)) socket.destroy();
    else connections.endWith(socket, refusal(noProxy()));
  });
  // Node's own methods cut off responses that are not completely sent, and miss connections that sent CONNECT.
  server.closeIdleConnections = connections.closeIdle;
  server.closeAllConnections = connections.closeAll;
  return server;
}

const refusals: Readonly<Partial<Record<string, { status: number; detail: string }>>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    detail: 'The target and headers of a request may take 16 KiB together.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, detail: 'Send no body: every route is a read.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request did not arrive in time.' },
};

function parserError(code: string | undefined): AppError {
  const { status, detail } = refusals[code ?? ''] ?? {
    status: 400,
    detail: 'This is not a valid HTTP/1.1 request.',
  };
  return new AppError('MALFORMED_REQUEST', detail, { status });
}

function noProxy(): AppError {
  const detail = `This service is not a proxy. It allows ${ALLOW}.`;
  return new AppError('METHOD_NOT_ALLOWED', detail, { headers: { Allow: ALLOW } });
}

/** The text of a whole response, for a connection without a response object. */
function refusal(error: AppError): string {
  const requestId = requestIdFrom(undefined);
  const body = JSON.stringify(toProblem(error, '/', requestId));
  const headers = {
    ...commonHeaders(requestId),
    ...problemHeaders(error),
    Date: new Date().toUTCString(),
    'Content-Type': PROBLEM_TYPE,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}\r\n${head.join('')}\r\n${body}`;
}

/**
 * Classes whose instances have Express's prototypes from the start. Otherwise Express sets the prototype of each request
 * and response, which is expensive in V8: both take twice the memory and outlive their exchange (docs/decisions/0011).
 */
export function messageClasses(app: Express): Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> {
  class AppRequest extends IncomingMessage {}
  class AppResponse<Request extends IncomingMessage> extends ServerResponse<Request> {}
  Object.setPrototypeOf(AppRequest.prototype, app.request);
  Object.setPrototypeOf(AppResponse.prototype, app.response);
  Object.assign(app, { request: AppRequest.prototype, response: AppResponse.prototype });
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}
