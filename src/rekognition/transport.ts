import type { HttpRequest, HttpResponse, QueryParameterBag } from '@smithy/types';
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';

/** The connection failed before a whole response had arrived; `cause` is the socket's error. */
export class TransportError extends Error {
  override readonly name = 'TransportError';

  constructor(cause: unknown) {
    super('the connection to AWS failed', { cause });
  }
}

interface TransportOptions {
  /** The longest wait for a connection, TLS included, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** The longest wait for a response, and for each part of it, in milliseconds; undici checks about once a second. */
  readonly readTimeoutMs: number;
  /** Whether `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count. */
  readonly proxies: boolean;
}

/** A request handler of the SDK, as far as this service needs one. */
export interface Transport {
  handle(request: HttpRequest): Promise<{ response: HttpResponse }>;
  destroy(): void;
}

/** Far above the largest page of Rekognition. */
const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

/**
 * Sends the SDK's requests over undici, which costs less than the SDK's own handler, and reads responses whole. A
 * request takes no signal: if no one waits for it any more, it ends within its time-out.
 */
export function createTransport({ connectTimeoutMs, readTimeoutMs, proxies }: TransportOptions): Transport {
  const connect = { timeout: connectTimeoutMs };
  const bounds = {
    connect,
    headersTimeout: readTimeoutMs,
    bodyTimeout: readTimeoutMs,
    maxResponseSize: MAX_RESPONSE_BYTES,
  };
  const agent = proxies
    ? new EnvHttpProxyAgent({ ...bounds, proxyTls: connect, requestTls: connect })
    : new Agent(bounds);
  return {
    async handle(request) {
      try {
        return { response: await exchange(agent, request) };
      } catch (error) {
        throw new TransportError(error);
      }
    },
    destroy() {
      void agent.destroy();
    },
  };
}

/** One request and its whole response. undici's `dispatch` makes no streams, as its `request` would. */
function exchange(agent: Dispatcher, request: HttpRequest): Promise<HttpResponse> {
  const { protocol, hostname, port, method, headers } = request;
  const body = (request.body ?? null) as string | Uint8Array | null;
  const origin = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
  const path = request.path + queryOf(request.query);
  return new Promise((resolve, reject) => {
    const response = { statusCode: 0, headers: {} as Record<string, string> };
    const chunks: Buffer[] = [];
    agent.dispatch(
      { origin, path, method, headers, body },
      {
        onRequestStart: () => undefined,
        onResponseStart(_controller, statusCode, received) {
          response.statusCode = statusCode;
          response.headers = joined(received);
        },
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          resolve({ ...response, body: Buffer.concat(chunks) });
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });
}

/** A header that came several times is one list (RFC 9110, 5.3). */
function joined(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value = '']) => [name, String(value)] as const);
  return Object.fromEntries(entries);
}

function queryOf(query: QueryParameterBag = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}
