import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';

import { printBanner } from './banner.ts';
import { ConfigError } from './config.ts';
import { loadDotEnv } from './dot-env.ts';
import { createListener, messageClasses } from './http/listener.ts';
import { serveMetrics } from './http/serve-metrics.ts';
import { createLifecycle, shutDown } from './lifecycle.ts';
import { createLogger, openStandardOutput } from './logger.ts';
import { upstreamOperations } from './operations/index.ts';
import { readSettings } from './read-settings.ts';
import { createClient } from './rekognition/client.ts';
import { createService } from './service.ts';

const LEFT_OVER_MS = 500;

await main().catch((error: unknown) => {
  const text =
    error instanceof ConfigError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`rollcall: ${text ?? ''}\n`);
  // Parts that have started already, such as the embedded Rekognition, would keep the process running.
  process.exit(1);
});

async function main(): Promise<void> {
  // Until the service listens, it can exit at once. PID 1 ignores a signal without a handler, so both get one here.
  let stop = (): void => process.exit(0);
  for (const signal of ['SIGTERM', 'SIGINT'])
    process.on(signal, () => {
      stop();
    });
  readDotEnv();
  giveHome();
  // The banner warns of an old Node, in one line of the log.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  // An operator can't act on deprecations in packages: on Node 24 Express causes one for `GET http://host/path`.
  process.noDeprecation = true;
  const { config, aws } = await readSettings(process.env, upstreamOperations);
  const output = openStandardOutput();
  // A dynamic import, here and below, is a file of its own, which is read only if it is needed.
  const pretty = config.production ? undefined : (await import('pino-pretty')).default;
  const logger = createLogger({ ...config.log, pretty, output });
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (err: unknown) => {
      logger.fatal({ err }, 'a bug: stopping at once');
      process.exit(1);
    });
  }
  const { endpoint, embedded } = aws ? { endpoint: aws, embedded: undefined } : await startEmbedded();
  const { attemptTimeoutMs, deadlineMs } = config.upstream;
  const client = createClient({
    endpoint,
    keys: embedded,
    attemptTimeoutMs,
    credentialsTimeoutMs: Math.min(attemptTimeoutMs, deadlineMs / 2),
    now,
    wallClock: Date.now,
  });
  if (!embedded && process.env['AWS_CA_BUNDLE']) {
    logger.warn('AWS_CA_BUNDLE is not read: set NODE_EXTRA_CA_CERTS to the same file');
  }
  const lifecycle = createLifecycle();
  const tracing = config.tracing
    ? (await import('./tracing/otlp.ts')).startTracing({ logger, now })
    : undefined;
  const service = await createService({
    config,
    region: endpoint.region,
    logger,
    lifecycle,
    client,
    startTrace: tracing?.startTrace,
    docsDirectory: new URL('docs/', import.meta.url),
    now,
    random: Math.random,
  });
  const { app, metrics } = service;
  metrics.watchProcess();
  const { host, port, metricsPort } = config.http;
  const metricsServer = createListener(serveMetrics({ metrics, logger }));
  await listen(metricsServer, host, metricsPort, 'METRICS_PORT');
  const server = createListener(app, messageClasses(app));
  await listen(server, host, port, 'PORT');

  stop = (): void => {
    stop = () => undefined;
    const release = async (): Promise<void> => {
      metricsServer.close();
      metricsServer.closeAllConnections();
      service.stop();
      client.destroy();
      await Promise.all([tracing?.stop(), embedded?.stop()]);
    };
    void shutDown({ server, lifecycle, logger, ...config.shutdown, release }).then(() => {
      const exit = (): void => process.exit(0);
      // Neither an open connection to AWS nor a log that no one reads keeps the process running.
      output.flush(exit);
      setTimeout(exit, LEFT_OVER_MS);
    });
  };
  const address = server.address() as AddressInfo;
  const metricsAddress = metricsServer.address() as AddressInfo;
  const { node: nodeVersion } = process.versions;
  printBanner({ logger, config, address, metricsAddress, nodeVersion, embedded, write: output.write });
}

/** Variables that are set already keep their values. */
function readDotEnv(): void {
  try {
    loadDotEnv(process.env);
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}

/**
 * A container may run as a user that is not in /etc/passwd. At each call the SDK looks for AWS's files in the home
 * directory, and fails if there is none. Docker gives such a user `/`.
 */
function giveHome(): void {
  try {
    homedir();
  } catch {
    process.env['HOME'] = '/';
  }
}

async function startEmbedded() {
  const embedded = await (await import('./embedded/start.ts')).startEmbeddedRekognition();
  return { endpoint: embedded, embedded };
}

/** Milliseconds since the epoch, of a clock that never goes back: time-outs and the quota use it. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function listen(server: Server, host: string, port: number, setting: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code ?? error.message;
      const atFault = ['EADDRINUSE', 'EACCES'].includes(reason) ? setting : 'HOST';
      reject(new ConfigError(`cannot listen on ${host}:${port} (${atFault}): ${reason}`));
    });
    server.listen(port, host, resolve);
  });
}
