import { AwsJson1_1Protocol } from '@aws-sdk/core/protocols';
import type { MetadataBearer } from '@smithy/types';

/** An answer that is not what Rekognition documents. Its message is for the log. */
export class DamagedAnswer extends Error {
  override readonly name = 'DamagedAnswer';
}

type Arguments = Parameters<AwsJson1_1Protocol['deserializeResponse']>;
type Response = Arguments[2];

/**
 * AWS JSON 1.1, read strictly. The SDK resolves an HTML page, an empty body, an array or an error document at
 * status 200 as a success; here each of them is a `DamagedAnswer`. A success is returned as the plain JSON
 * object that it was, so each operation checks the members it reads.
 */
export class StrictJsonProtocol extends AwsJson1_1Protocol {
  override async deserializeResponse<Output extends MetadataBearer>(...args: Arguments): Promise<Output> {
    const response = args[2];
    if (response.statusCode >= 300) {
      return super.deserializeResponse<Output>(...args);
    }
    const document = readDocument(response);
    return { ...document, $metadata: this.deserializeMetadata(response) } as unknown as Output;
  }
}

function readDocument(response: Response): Record<string, unknown> {
  if (response.statusCode !== 200) {
    throw new DamagedAnswer(`status ${response.statusCode}`);
  }
  const type = response.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-amz-json-1.1') {
    throw new DamagedAnswer('not application/x-amz-json-1.1');
  }
  const document = parse(response.body as Uint8Array);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new DamagedAnswer('not a JSON object');
  }
  if ('__type' in document) {
    throw new DamagedAnswer('an error document at status 200');
  }
  return document as Record<string, unknown>;
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch {
    // The parser's message quotes the text, which may hold user ids: it goes no further.
    throw new DamagedAnswer('not JSON');
  }
}
