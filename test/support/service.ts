import { setTimeout as sleep } from 'node:timers/promises';

import { readConfig, type Config } from '../../src/config.ts';
import { createListener, messageClasses } from '../../src/http/listener.ts';
import { createLifecycle, type Lifecycle } from '../../src/lifecycle.ts';
import { createLogger } from '../../src/logger.ts';
import type { Metrics } from '../../src/metrics/metrics.ts';
import { createClient, type Client } from '../../src/rekognition/client.ts';
import { upstreamOperations } from '../../src/operations/index.ts';
import { createService, type ServiceDeps } from '../../src/service.ts';
import { listen } from './listen.ts';
import {
  startScriptedRekognition,
  type RecordedCall,
  type Script,
  type Step,
} from './scripted-rekognition.ts';

type LogLine = Readonly<Record<string, unknown>>;

/** The service, listening on a free port. */
export interface Service {
  readonly url: string;
  readonly lifecycle: Lifecycle;
  /** The calls that reached the scripted Rekognition. */
  readonly calls: readonly RecordedCall[];
  readonly logs: readonly LogLine[];
  readonly metrics: Metrics;
  /** The line of the first request; it is written when the answer is out. */
  logLine(): Promise<LogLine>;
}

/** Some settings of some groups. */
export type ConfigOverrides = {
  readonly [Group in keyof Config]?: Config[Group] extends object ? Partial<Config[Group]> : Config[Group];
};

export interface ServiceOptions {
  /** What Rekognition answers; by default it must not be called. */
  readonly script?: Script;
  /** What it answers to `DescribeCollection`; by default it is not allowed. */
  readonly count?: Step;
  /** A Rekognition elsewhere, instead of a scripted one. */
  readonly endpoint?: typeof keys & { readonly url: string };
  /** Instead of the real client. */
  readonly client?: Pick<Client, 'send'>;
  readonly config?: ConfigOverrides;
  readonly region?: string;
  readonly startTrace?: ServiceDeps['startTrace'];
  /** Where the contract and its page are; by default they are not there. */
  readonly docsDirectory?: URL;
  /** Milliseconds since the epoch, as the service sees them. */
  readonly now?: () => number;
  /** How long a request may take to arrive. */
  readonly headersTimeoutMs?: number;
}

const keys = { region: 'us-east-1', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'example' };
const started: (() => Promise<void>)[] = [];

const testEnv = {
  CURSOR_SECRETS: 'a key of page tokens for the tests only',
  // Quota and cache are for the tests that are about them.
  UPSTREAM_TPS: '1000000',
  UPSTREAM_BURST: '1000000',
  CACHE_TTL_MS: '0',
  // Enough for a busy machine; a test of a time-out sets its own.
  REQUEST_DEADLINE_MS: '15000',
  UPSTREAM_ATTEMPT_TIMEOUT_MS: '5000',
};

/** Starts the whole service but for its process: real app, real listener, real SDK client. */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const config = override(readConfig(testEnv, upstreamOperations), options.config ?? {});
  const scripted = await startScriptedRekognition(options.script ?? [], options.count);
  const endpoint = options.endpoint ?? { ...keys, url: scripted.url };
  const client = createClient({
    endpoint,
    keys: endpoint,
    attemptTimeoutMs: config.upstream.attemptTimeoutMs,
    credentialsTimeoutMs: config.upstream.attemptTimeoutMs,
    now: Date.now,
    wallClock: Date.now,
  });
  const logs: LogLine[] = [];
  const logger = createLogger({
    level: 'trace',
    output: { write: (line) => logs.push(JSON.parse(line) as LogLine) },
  });
  const lifecycle = createLifecycle();
  const service = await createService({
    config,
    region: options.region ?? keys.region,
    logger,
    lifecycle,
    client: { ...client, ...options.client },
    startTrace: options.startTrace,
    docsDirectory: options.docsDirectory ?? new URL('no-docs/', import.meta.url),
    now: options.now ?? Date.now,
    random: () => 0,
  });
  const server = createListener(service.app, messageClasses(service.app));
  server.headersTimeout = options.headersTimeoutMs ?? server.headersTimeout;
  const { url, stop } = await listen(server);
  started.push(async () => {
    await stop();
    service.stop();
    client.destroy();
    await scripted.stop();
  });
  return {
    url,
    lifecycle,
    calls: scripted.calls,
    logs,
    metrics: service.metrics,
    async logLine() {
      await until(() => logs.length > 0);
      return logs[0] ?? {};
    },
  };
}

function override(config: Config, overrides: ConfigOverrides): Config {
  const groups = Object.entries(overrides).map(([group, values]) => {
    const base = config[group as keyof Config];
    return [group, typeof values === 'object' ? { ...Object(base), ...values } : values] as const;
  });
  return { ...config, ...Object.fromEntries(groups) };
}

/** Ends every service of a test; for `afterEach`. Throws where a script was not followed. */
export async function stopServices(): Promise<void> {
  const results = await Promise.allSettled(started.splice(0).map((stop) => stop()));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Waits until it holds; the test's own time-out is the limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}
