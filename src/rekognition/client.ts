import {
  DescribeCollection$,
  ListUsers$,
  RekognitionClient,
  type DescribeCollectionCommandInput,
  type ListUsersCommandInput,
  type RekognitionClientConfig,
} from '@aws-sdk/client-rekognition';
import { SignatureV4 } from '@smithy/signature-v4';

import { createCall, trimStack, type Call } from './sdk-stack.ts';
import { createTransport } from './transport.ts';

/** Where Rekognition is, for the embedded one; without it the SDK's own chain decides. */
export interface RekognitionEndpoint {
  readonly url: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The calls of Rekognition that this service makes. */
export interface Rekognition {
  readonly listUsers: Call<ListUsersCommandInput>;
  readonly describeCollection: Call<DescribeCollectionCommandInput>;
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
    // One signer, where the SDK would make one for each call.
    signer: () => Promise.resolve((signer ??= signerOf(client))),
    requestHandler: createTransport({ connectTimeoutMs }),
    ...(endpoint && located(endpoint)),
  } satisfies RekognitionClientConfig);
  trimStack(client);
  return {
    listUsers: createCall(client, ListUsers$),
    describeCollection: createCall(client, DescribeCollection$),
    region: () => client.config.region(),
    destroy() {
      client.destroy();
    },
  };
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
