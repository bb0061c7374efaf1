import type { AddressInfo } from 'node:net';

import type { Logger } from 'pino';

import type { Config } from './config.ts';

interface Announcement {
  readonly logger: Logger;
  readonly config: Pick<Config, 'backend' | 'production' | 'pageTokens'>;
  readonly address: AddressInfo;
  readonly metricsAddress: AddressInfo;
  readonly embedded?: Examples | undefined;
  /** Where the welcome goes. */
  readonly write: (text: string) => void;
}

interface Examples {
  readonly exampleCollections: readonly { readonly id: string; readonly description: string }[];
}

/** Says where the service listens and which Rekognition it asks; in development, with a command to try. */
export function announce(announcement: Announcement): void {
  const { logger, config, address, metricsAddress, embedded, write } = announcement;
  const url = urlOf(address);
  logger.info({ url, metrics: `${urlOf(metricsAddress)}/metrics`, backend: config.backend }, 'listening');
  if (!config.pageTokens.secrets) {
    logger.warn(
      'CURSOR_SECRETS is not set: page tokens end with this process, and other replicas refuse them',
    );
  }
  if (config.production) {
    if (embedded) logger.warn('the backend is the embedded Rekognition: its users are examples');
    return;
  }
  write(embedded ? welcome(url, embedded) : awsNotice(url));
}

function urlOf({ family, address, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

function welcome(url: string, { exampleCollections }: Examples): string {
  const rows = exampleCollections.map(({ id, description }) => `    ${id.padEnd(38)} ${description}`);
  return `
  Rollcall listens on ${url}, over the embedded Rekognition: no AWS account, example users.

  Try:  curl -i '${url}/collections/example-team/users?maxResults=3'
  Read: ${url}/docs

  Collections:
${rows.join('\n')}
    ${'throws-AccessDeniedException, …'.padEnd(38)} fails on purpose, with the exception of its name

`;
}

function awsNotice(url: string): string {
  return `
  Rollcall listens on ${url}, over Amazon Rekognition.

  Try:  curl -i '${url}/collections/YOUR-COLLECTION/users?maxResults=3'
  Read: ${url}/docs

`;
}
