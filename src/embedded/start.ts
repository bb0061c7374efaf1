import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAuthenticator } from './authenticate.ts';
import { exampleCollections } from './examples.ts';
import { failingCollections } from './failures.ts';
import { createHandler, type Handler } from './handler.ts';
import { createHttpServer, stopHttpServer } from './http-server.ts';
import { createIdempotency } from './idempotency.ts';
import { createPageTokens } from './page-token.ts';
import { createQuota } from './quota.ts';
import { createStore, type SeedCollection, type Store } from './store.ts';

const region = 'us-east-1';

/** AWS's own example keys, which stand in its documentation and open nothing. */
const keys = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};

/** How the embedded Rekognition starts; every setting has a default. */
export interface EmbeddedRekognitionOptions {
  /** 127.0.0.1 unless said otherwise. */
  readonly host?: string;
  /** 0, a free one, unless said otherwise. */
  readonly port?: number;
  /** Calls a second of each operation, and as many at once: 5, as in AWS. 0 or `Infinity` for no limit. */
  readonly tps?: number;
  /** Whether it starts with the example collections: yes. */
  readonly examples?: boolean;
  /** More collections to start with. */
  readonly collections?: readonly SeedCollection[];
  /** How long a change of faces leaves a user UPDATING, in milliseconds: 2,000. */
  readonly settleMs?: number;
  /** Milliseconds since the epoch; signatures are checked against it, so it must stay near the clients'. */
  readonly clock?: { now(): number };
  /** Called with an internal error, which a client sees as `InternalServerError`. */
  readonly onBug?: (error: unknown) => void;
}

/** A collection and what it is good for. */
export interface Example {
  readonly id: string;
  readonly description: string;
}

/** A running embedded Rekognition. */
export interface EmbeddedRekognition {
  readonly url: string;
  readonly port: number;
  /** A Region to sign for; any other is accepted too. */
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly exampleCollections: readonly Example[];
  readonly failingCollections: readonly Example[];
  /** Closes every connection, within a second; may be called again. */
  stop(): Promise<void>;
}

/** Starts a small Rekognition in memory that speaks AWS's wire protocol; rejects where the address is taken. */
export async function startEmbeddedRekognition(
  options: EmbeddedRekognitionOptions = {},
): Promise<EmbeddedRekognition> {
  const { host = '127.0.0.1', port = 0, examples = true, collections = [], clock = Date } = options;
  const seeds = examples ? exampleCollections() : [];
  const store = seededStore([...seeds, ...collections], clock.now());
  const { onBug = () => undefined } = options;
  const handle = composeHandler(store, { ...options, onBug }, () => clock.now());
  const server = createHttpServer({ handle, onBug });
  const address = await listen(server, host, port);
  server.on('error', onBug);
  let stopped: Promise<void> | undefined;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    region,
    ...keys,
    exampleCollections: seeds.map(({ id, description }) => ({ id, description })),
    failingCollections,
    stop: () => (stopped ??= stopHttpServer(server)),
  };
}

function composeHandler(
  store: Store,
  options: EmbeddedRekognitionOptions & Pick<Required<EmbeddedRekognitionOptions>, 'onBug'>,
  now: () => number,
): Handler {
  const { tps = 5, settleMs = 2_000, onBug } = options;
  const tokens = createPageTokens(keys.secretAccessKey);
  const idempotency = createIdempotency();
  return createHandler({
    authenticate: createAuthenticator({ ...keys, now }),
    quota: createQuota({ tps, now }),
    backend: { store, tokens, idempotency, region, settleMs, now },
    onBug,
  });
}

function seededStore(collections: readonly SeedCollection[], now: number): Store {
  const store = createStore();
  // Of two with one name the later one counts, so that an example can be replaced.
  const byId = new Map(collections.map((collection) => [collection.id, collection]));
  for (const collection of byId.values()) store.create(collection, now);
  return store;
}

async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  server.listen(port, host);
  await once(server, 'listening');
  return server.address() as AddressInfo;
}
