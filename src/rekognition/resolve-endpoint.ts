import { ListUsersCommand, RekognitionClient } from '@aws-sdk/client-rekognition';
import type { HttpRequest } from '@smithy/types';

/** Where Rekognition is. */
export interface RekognitionEndpoint {
  readonly url: string;
  readonly region: string;
}

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
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    requestHandler: { handle },
  });
  const region = await client.config.region();
  await client.send(new ListUsersCommand({ CollectionId: 'none' }));
  if (!/^https?:$/.test(new URL(url).protocol))
    throw new Error(`the endpoint is no http or https URL: ${url}`);
  return { url, region };
}
