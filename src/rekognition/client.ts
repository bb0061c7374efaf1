import type { HttpRequest } from '@smithy/core/transport';
import {
  ListUsersCommand,
  RekognitionClient,
  type ListUsersCommandInput,
  type RekognitionClientConfig,
} from '@aws-sdk/client-rekognition';

import { StrictJsonProtocol } from './strict-protocol.ts';
import { createTransport } from './transport.ts';

/** Where Rekognition is, for the embedded one; without it the SDK's own chain decides. */
export interface RekognitionEndpoint {
  readonly url: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The calls of Rekognition that this service makes: one attempt each, answers unchecked but for their envelope. */
export interface Rekognition {
  listUsers(input: ListUsersCommandInput, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
  /** Rejects where no Region is configured. */
  region(): Promise<string>;
  destroy(): void;
}

interface RekognitionOptions {
  readonly connectTimeoutMs: number;
  readonly endpoint?: RekognitionEndpoint | undefined;
}

/** What CloudTrail shows. */
const USER_AGENT = 'rollcall';

/** The SDK's client, set for one attempt a call: retries, time-outs and pacing are this service's own. */
export function createRekognition({ connectTimeoutMs, endpoint }: RekognitionOptions): Rekognition {
  // With `cacheMiddleware` the SDK builds its middleware once instead of once a call, but only for a `send`
  // without options; so the abort signal travels beside the input instead of in the options.
  const signals = new WeakMap<object, AbortSignal>();
  const client = new RekognitionClient({
    maxAttempts: 1,
    cacheMiddleware: true,
    protocol: StrictJsonProtocol,
    requestHandler: createTransport({ connectTimeoutMs, signalOf: (request) => signals.get(request) }),
    ...(endpoint && located(endpoint)),
  } satisfies RekognitionClientConfig);
  trim(client);
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as HttpRequest;
      request.headers['user-agent'] = USER_AGENT;
      const signal = signals.get(args.input);
      if (signal) signals.set(request, signal);
      return next(args);
    },
    // Last before the wire: signing replaces the request by a copy.
    { step: 'finalizeRequest', priority: 'low', name: 'lastMiddleware' },
  );
  return {
    async listUsers(input, signal) {
      signals.set(input, signal);
      const output = await client.send(new ListUsersCommand(input));
      return output as unknown as Record<string, unknown>;
    },
    region: () => client.config.region(),
    destroy() {
      client.destroy();
    },
  };
}

/**
 * Empties the SDK's stack of what this service does itself or has no use for; together it cost a quarter of a
 * call. The logger renders every page, user ids included, even where there is no log; the recursion header is
 * Lambda's; the user agent is made anew for each call.
 */
function trim({ middlewareStack }: RekognitionClient): void {
  for (const name of ['loggerMiddleware', 'recursionDetectionMiddleware', 'getUserAgentMiddleware']) {
    middlewareStack.remove(name);
  }
  // Signing has its place after it, so it stays, and does nothing.
  middlewareStack.add((next) => next, {
    name: 'retryMiddleware',
    step: 'finalizeRequest',
    priority: 'high',
    override: true,
  });
}

function located({
  url,
  region,
  accessKeyId,
  secretAccessKey,
}: RekognitionEndpoint): RekognitionClientConfig {
  return { endpoint: url, region, credentials: { accessKeyId, secretAccessKey } };
}
