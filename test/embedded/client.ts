import { RekognitionClient } from '@aws-sdk/client-rekognition';
import { startEmbeddedRekognition, type EmbeddedRekognitionOptions } from '../../src/embedded/start.ts';

/** An embedded Rekognition without a quota, unless the options say otherwise, and a client that tries once. */
export async function startWithClient(options: EmbeddedRekognitionOptions = {}) {
  const rekognition = await startEmbeddedRekognition({ tps: 0, ...options });
  const clientWith = (settings: { accessKeyId?: string; secretAccessKey?: string; region?: string } = {}) =>
    new RekognitionClient({
      endpoint: rekognition.url,
      region: settings.region ?? rekognition.region,
      credentials: { ...rekognition, ...settings },
      maxAttempts: 1,
    });
  return { rekognition, clientWith, client: clientWith() };
}

/** What a call that must fail is rejected with. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<Error & { $metadata?: { httpStatusCode?: number } }> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('The call did not fail.');
}
