import { HttpResponse, type HttpRequest } from '@smithy/core/transport';
import type { HttpHandlerOptions } from '@smithy/types';
import { Agent } from 'undici';

/** The connection failed before a whole answer had arrived; `cause` is the socket's error. */
export class TransportError extends Error {
  override readonly name = 'TransportError';

  constructor(cause: unknown) {
    super('the connection to Rekognition failed', { cause });
  }
}

interface TransportOptions {
  /** Longest wait for a connection, TLS included, in milliseconds. */
  readonly connectTimeoutMs: number;
}

/** A request handler of the SDK, as far as this service needs one. */
export interface Transport {
  readonly metadata: { readonly handlerProtocol: string };
  handle(request: HttpRequest, options?: HttpHandlerOptions): Promise<{ response: HttpResponse }>;
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
  destroy(): void;
}

/** Far above the largest page (500 users of 128 characters); more is no answer of Rekognition's. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Sends the SDK's requests over undici, which costs less than its own handler, and reads answers whole. */
export function createTransport({ connectTimeoutMs }: TransportOptions): Transport {
  const agent = new Agent({ connect: { timeout: connectTimeoutMs }, maxResponseSize: MAX_ANSWER_BYTES });
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request, options) {
      try {
        return { response: await exchange(agent, request, options?.abortSignal as AbortSignal | undefined) };
      } catch (error) {
        throw new TransportError(error);
      }
    },
    // The SDK calls these two when it is reconfigured at run time, which this service never does.
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
    destroy() {
      void agent.destroy();
    },
  };
}

/** One request and its whole answer. undici's `dispatch` spares the streams that its `request` would make. */
function exchange(agent: Agent, request: HttpRequest, signal?: AbortSignal): Promise<HttpResponse> {
  const { protocol, hostname, port, path, headers } = request;
  const body = request.body as string | Uint8Array;
  const origin = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
  return new Promise((resolve, reject) => {
    const answer = { statusCode: 0, headers: {} as Record<string, string> };
    const chunks: Buffer[] = [];
    agent.dispatch(
      { origin, path, method: 'POST', headers, body },
      {
        onRequestStart(controller) {
          const abort = (): void => {
            controller.abort(signal?.reason as Error);
          };
          if (signal?.aborted) abort();
          else signal?.addEventListener('abort', abort, { once: true });
        },
        onResponseStart(_controller, statusCode, received) {
          answer.statusCode = statusCode;
          answer.headers = received as Record<string, string>;
        },
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
        },
        onResponseEnd() {
          const [only] = chunks;
          const whole = chunks.length === 1 && only ? only : Buffer.concat(chunks);
          resolve(new HttpResponse({ ...answer, body: whole }));
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });
}
