import { ListUsersCommand, RekognitionClient } from '@aws-sdk/client-rekognition';
import type { HttpRequest } from '@smithy/types';

/** Where Rekognition is. */
export interface RekognitionEndpoint {
  readonly url: string;
  readonly region: string;
}

/** Of every partition: `us-gov-west-1`, `cn-north-1`, `eusc-de-east-1`. */
const REGION = /^[a-z]+(-[a-z]+)+-\d+$/;

/**
 * Finds the endpoint from AWS's own settings. The SDK does so at its first request, so this makes one and does not send
 * it. Rejects with the SDK's reason.
 */
export async function resolveEndpoint(): Promise<RekognitionEndpoint> {
  let url = '';
  const handle = ({ protocol, hostname, port, path }: HttpRequest) => {
    url = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`;
    const headers = { 'content-type': 'application/x-amz-json-1.1' };
    return Promise.resolve({ response: { statusCode: 200, headers, body: Buffer.from('{}') } });
  };
  const client = new RekognitionClient({
    maxAttempts: 1,
    // The calls do not depend on this setting, so a bad value of it is no reason not to start.
    defaultsMode: 'standard',
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    requestHandler: { handle },
  });
  const region = await client.config.region();
  await client.send(new ListUsersCommand({ CollectionId: 'none' }));
  const { protocol, hostname } = new URL(url);
  if (!/^https?:$/.test(protocol)) throw new Error(`the endpoint is no http or https URL: ${url}`);
  // The SDK puts any word into AWS's host name, such as the name of an availability zone.
  if (hostname.includes(`.${region.toLowerCase()}.`) && !REGION.test(region))
    throw new Error(`${region} is no Region such as eu-west-1`);
  return { url, region };
}
