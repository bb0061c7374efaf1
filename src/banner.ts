import type { AddressInfo } from 'node:net';

import type { Logger } from 'pino';

import type { Config } from './config.ts';

interface BannerOptions {
  readonly logger: Logger;
  readonly config: Pick<Config, 'auth' | 'backend' | 'production' | 'pageTokens'>;
  readonly address: AddressInfo;
  readonly metricsAddress: AddressInfo;
  /** As in `process.versions`. */
  readonly nodeVersion: string;
  readonly embedded?: Examples | undefined;
  /** Where the banner goes. */
  readonly write: (text: string) => void;
}

interface Examples {
  readonly exampleCollections: readonly { readonly id: string; readonly description: string }[];
}

/** Logs where the service listens and what is not fit for production; in development, writes a command to try. */
export function printBanner(options: BannerOptions): void {
  const { logger, config, address, metricsAddress, nodeVersion, embedded, write } = options;
  const url = urlOf(address);
  logger.info({ url, metrics: `${urlOf(metricsAddress)}/metrics`, backend: config.backend }, 'listening');
  logOldNode(logger, nodeVersion);
  if (!config.pageTokens.secrets) {
    logger[embedded ? 'info' : 'warn'](
      'CURSOR_SECRETS is not set: page tokens are valid only in this process',
    );
  }
  if (config.production) {
    if (embedded) logger.warn('the backend is the embedded Rekognition: its users are examples');
    return;
  }
  write(embedded ? embeddedBanner(url, config, embedded) : awsBanner(url, config));
}

// Node's schedule: https://github.com/nodejs/release. server.ts turns off the SDK's own warning, which has eight lines.
function logOldNode(logger: Logger, nodeVersion: string): void {
  if (Number.parseInt(nodeVersion, 10) >= 22) return;
  logger.warn(
    `Node ${nodeVersion} has had no security fixes since April 2026, and AWS SDK releases after January 2027 do not support it: use Node 24, which is supported until April 2028`,
  );
}

function urlOf({ family, address, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function embeddedBanner(url: string, config: BannerOptions['config'], examples: Examples): string {
  const rows = examples.exampleCollections.map(
    ({ id, description }) => `    ${id.padEnd(38)} ${description}`,
  );
  return `
  Rollcall listens on ${url}, over the embedded Rekognition: no AWS account, example users.

${commands(url, config, 'example-team')}

  Collections:
${rows.join('\n')}
    ${'throws-AccessDeniedException, …'.padEnd(38)} fails on purpose, with the exception of its name

`;
}

function awsBanner(url: string, config: BannerOptions['config']): string {
  return `
  Rollcall listens on ${url}, over Amazon Rekognition.

${commands(url, config, 'YOUR-COLLECTION')}

`;
}

function commands(url: string, { auth }: BannerOptions['config'], collection: string): string {
  const token = auth ? '-H "Authorization: Bearer $TOKEN" ' : '';
  const lines = [
    ...(auth ? [`Set:  TOKEN, to an access token of ${auth.issuer}`] : []),
    `Try:  curl -i ${token}'${url}/collections/${collection}/users?maxResults=3'`,
    `Read: ${url}/docs`,
  ];
  return lines.map((line) => `  ${line}`).join('\n');
}
