import { HttpResponse, type HttpRequest } from '@smithy/core/transport';
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
  /** The signal that ends this request, if it has one. */
  readonly signalOf: (request: object) => AbortSignal | undefined;
}

/** A request handler of the SDK, as far as this service needs one. */
export interface Transport {
  readonly metadata: { readonly handlerProtocol: string };
  handle(request: HttpRequest): Promise<{ response: HttpResponse }>;
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
  destroy(): void;
}

/** Far above the largest page (500 users of 128 characters); more is no answer of Rekognition's. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Sends the SDK's requests over undici, which costs less than its own handler, and reads answers whole. */
export function createTransport({ connectTimeoutMs, signalOf }: TransportOptions): Transport {
  const agent = new Agent({ connect: { timeout: connectTimeoutMs }, maxResponseSize: MAX_ANSWER_BYTES });
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request) {
      const signal = signalOf(request);
      try {
        const { protocol, hostname, port, path, headers } = request;
        const answer = await agent.request({
          origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
          path,
          method: 'POST',
          headers,
          body: request.body as string | Uint8Array,
          signal: signal ?? null,
        });
        const body = new Uint8Array(await answer.body.arrayBuffer());
        const { statusCode } = answer;
        return {
          response: new HttpResponse({ statusCode, headers: answer.headers as Record<string, string>, body }),
        };
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
