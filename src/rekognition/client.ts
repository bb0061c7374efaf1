import {
  DescribeCollectionCommand,
  ListUsersCommand,
  RekognitionClient,
  type DescribeCollectionCommandInput,
  type ListUsersCommandInput,
  type RekognitionClientConfig,
} from '@aws-sdk/client-rekognition';
import { SignatureV4 } from '@smithy/signature-v4';

import { trimStack } from './sdk-stack.ts';
import { createTransport, SIGNAL, type WithSignal } from './transport.ts';

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
  describeCollection(
    input: DescribeCollectionCommandInput,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Rejects where no Region is configured. */
  region(): Promise<string>;
  destroy(): void;
}

interface RekognitionOptions {
  readonly connectTimeoutMs: number;
  readonly endpoint?: RekognitionEndpoint | undefined;
}

/** The SDK's client, set for one attempt a call: retries, time-outs and pacing are this service's own. */
export function createRekognition({ connectTimeoutMs, endpoint }: RekognitionOptions): Rekognition {
  let signer: SignatureV4 | undefined;
  const client: RekognitionClient = new RekognitionClient({
    maxAttempts: 1,
    // The SDK builds its middleware once instead of once a call, but only for a `send` without options: so the abort
    // signal travels with the input instead.
    cacheMiddleware: true,
    // One signer, where the SDK would make one for each call.
    signer: () => Promise.resolve((signer ??= signerOf(client))),
    requestHandler: createTransport({ connectTimeoutMs }),
    ...(endpoint && located(endpoint)),
  } satisfies RekognitionClientConfig);
  trimStack(client);
  client.middlewareStack.add(
    (next) => (args) => {
      (args.request as WithSignal)[SIGNAL] = (args.input as WithSignal)[SIGNAL];
      return next(args);
    },
    // Last before the wire: signing replaces the request by a copy.
    { step: 'finalizeRequest', priority: 'low', name: 'abortSignalMiddleware' },
  );
  return {
    async listUsers(input, signal) {
      const output = await client.send(new ListUsersCommand(withSignal(input, signal)));
      return output as unknown as Record<string, unknown>;
    },
    async describeCollection(input, signal) {
      const output = await client.send(new DescribeCollectionCommand(withSignal(input, signal)));
      return output as unknown as Record<string, unknown>;
    },
    region: () => client.config.region(),
    destroy() {
      client.destroy();
    },
  };
}

/** No JSON shows it. */
function withSignal<T extends object>(input: T, signal: AbortSignal): T {
  return { ...input, [SIGNAL]: signal };
}

function signerOf({ config }: RekognitionClient): SignatureV4 {
  const { credentials, region, sha256 } = config;
  return new SignatureV4({ credentials, region, sha256, service: 'rekognition' });
}

function located({
  url,
  region,
  accessKeyId,
  secretAccessKey,
}: RekognitionEndpoint): RekognitionClientConfig {
  return { endpoint: url, region, credentials: { accessKeyId, secretAccessKey } };
}
