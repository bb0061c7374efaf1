import {
  RekognitionClient,
  type RekognitionClientConfig,
  type RekognitionClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-rekognition';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentialIdentity, Command } from '@smithy/types';

import { createCredentials, type Credentials } from './credentials.ts';
import { StrictJsonProtocol } from './protocol.ts';
import type { RekognitionEndpoint } from './resolve-endpoint.ts';
import { createTransport, type Transport } from './transport.ts';

/** The input of an operation of Rekognition. */
export type RekognitionInput = ServiceInputTypes;

/** A command of the SDK. What it resolves to is the JSON that was sent, so the type of its output says nothing. */
export type RekognitionCommand<Input extends RekognitionInput> = Command<
  ServiceInputTypes,
  Input,
  ServiceOutputTypes,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  any,
  RekognitionClientResolvedConfig
>;

/** A response, as the JSON object that it was. Each member is checked where it is read. */
export interface RekognitionResponse {
  readonly body: Readonly<Record<string, unknown>>;
  readonly requestId: string | undefined;
}

/** Makes single calls of Rekognition: one attempt each. */
export interface Client {
  send<Input extends RekognitionInput>(command: RekognitionCommand<Input>): Promise<RekognitionResponse>;
  readonly credentials: Credentials;
  destroy(): void;
}

interface ClientOptions {
  readonly endpoint: RekognitionEndpoint;
  /** Fixed keys, such as the embedded Rekognition's; without them the SDK's own chain finds some. */
  readonly keys?: AwsCredentialIdentity | undefined;
  /** How long a call is waited for, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /** Longest wait for credentials, in milliseconds. */
  readonly credentialsTimeoutMs: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Milliseconds since the epoch, by the clock that credentials end by. */
  readonly wallClock: () => number;
}

/** By then nobody waits for a call any more, and its connection is closed. */
const LEFT_OVER_MS = 1000;

/** The SDK's client, set for one attempt a call: retries, time-outs and pacing are this service's own. */
export function createClient(options: ClientOptions): Client {
  const { endpoint, keys, attemptTimeoutMs, credentialsTimeoutMs: timeoutMs, now, wallClock } = options;
  const { url, region } = endpoint;
  const transport = createTransport({
    connectTimeoutMs: attemptTimeoutMs,
    readTimeoutMs: attemptTimeoutMs + LEFT_OVER_MS,
    proxies: keys === undefined,
  });
  const lookUp = (): Promise<AwsCredentialIdentity> =>
    keys ? Promise.resolve(keys) : lookUpCredentials(region, transport);
  const credentials = createCredentials({ lookUp, timeoutMs, now, wallClock });
  const client: RekognitionClient = new RekognitionClient({
    ...settled,
    endpoint: url,
    region,
    credentials: () => credentials.get(),
    // One signer, where the SDK would make one for each call. It asks for credentials at each call; the SDK would keep
    // those that AWS refused.
    signer: () => Promise.resolve(signer),
    protocol: StrictJsonProtocol,
    requestHandler: transport,
  });
  const { sha256 } = client.config;
  const signer = new SignatureV4({
    credentials: () => credentials.get(),
    region,
    sha256,
    service: 'rekognition',
  });
  return {
    async send(command) {
      // Without options, a signal among them: with any, the SDK makes its middleware again for each call.
      const output = (await client.send(command)) as ServiceOutputTypes;
      const { $metadata, ...body } = output;
      return { body, requestId: $metadata.requestId };
    },
    credentials,
    destroy() {
      client.destroy();
    },
  };
}

/** What the SDK would otherwise read from AWS's variables and files, where a value that is none fails each call. */
const settled: RekognitionClientConfig = {
  cacheMiddleware: true,
  maxAttempts: 1,
  // The SDK's own would give each call an id and a count of its attempts.
  retryStrategy: { retry: (next, args) => next(args) },
  defaultsMode: 'standard',
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  authSchemePreference: [],
  // What CloudTrail shows.
  userAgentAppId: 'rollcall',
};

/** A new chain for each lookup, since a chain keeps what it found, and files as they were. */
async function lookUpCredentials(region: string, transport: Transport): Promise<AwsCredentialIdentity> {
  // The SDK's clients of STS are short-lived; the connections are the transport's.
  const requestHandler = { ...transport, destroy: () => undefined };
  let code: string | undefined;
  // The chain drops the error of a source that it passes over, with the code of its socket, but debugs its text.
  const debug = (text: unknown): void => {
    code = /\bE[A-Z]{4,}\b/.exec(String(text))?.[0] ?? code;
  };
  const logger = { debug, info: ignore, warn: ignore, error: ignore };
  const find = fromNodeProviderChain({ ignoreCache: true, timeout: 1000, maxRetries: 1, logger });
  try {
    return await find({ callerClientConfig: { region: () => Promise.resolve(region), requestHandler } });
  } catch (error) {
    if (error instanceof Error && code !== undefined) error.cause ??= Object.assign(new Error(), { code });
    throw error;
  }
}

function ignore(): void {
  // The SDK's other messages may hold what is secret.
}
