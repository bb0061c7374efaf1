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

/** A command of the SDK. It resolves to the JSON that Rekognition sent, so the type of its output says nothing. */
export type RekognitionCommand<Input extends RekognitionInput> = Command<
  ServiceInputTypes,
  Input,
  ServiceOutputTypes,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  any,
  RekognitionClientResolvedConfig
>;

/** A response as the JSON object that Rekognition sent. Each operation checks the members that it reads. */
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
  /** The longest wait for credentials, in milliseconds. */
  readonly credentialsTimeoutMs: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Milliseconds since the epoch, by the wall clock: credentials expire by it. */
  readonly wallClock: () => number;
}

/** The connection of a call is closed this long after its time-out, when no request waits for it any more. */
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
    ...fixedSettings,
    endpoint: url,
    region,
    credentials: () => credentials.get(),
    // One signer for all calls: the SDK would make one for each, and keep credentials that AWS has refused. This one
    // asks for credentials at each call.
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
      // Without options, so without a signal: with them the SDK would make its middleware again for each call.
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

/** The SDK would read these settings from AWS's variables and files, and a bad value there would fail every call. */
const fixedSettings: RekognitionClientConfig = {
  cacheMiddleware: true,
  maxAttempts: 1,
  // The SDK's own strategy would send an id and a count of attempts with each call.
  retryStrategy: { retry: (next, args) => next(args) },
  defaultsMode: 'standard',
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  authSchemePreference: [],
  // What CloudTrail shows.
  userAgentAppId: 'rollcall',
};

/** Makes a new chain for each lookup, since a chain caches what it found, and the files that it read. */
async function lookUpCredentials(region: string, transport: Transport): Promise<AwsCredentialIdentity> {
  // The SDK destroys its client of STS after use; the connections of the transport must stay.
  const requestHandler = { ...transport, destroy: () => undefined };
  let code: string | undefined;
  // The chain drops the error of a source that fails, but logs its text, which has the code of the socket.
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
  // The SDK's other messages may contain secrets.
}
