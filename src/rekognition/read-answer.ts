import type { HttpResponse } from '@smithy/core/transport';

/** An answer that is not what Rekognition documents. Its message is for the log. */
export class DamagedAnswer extends Error {
  override readonly name = 'DamagedAnswer';
}

/**
 * Reads a success of AWS JSON 1.1 strictly. The SDK takes an HTML page, an empty body, an array or an error document at
 * status 200 for a success; here each of them is a `DamagedAnswer`. The rest is returned as the plain JSON object that it
 * was, so each operation checks the members it reads.
 */
export function readAnswer(response: HttpResponse): Record<string, unknown> {
  if (response.statusCode !== 200) throw new DamagedAnswer(`status ${response.statusCode}`);
  const type = response.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-amz-json-1.1') throw new DamagedAnswer('not application/x-amz-json-1.1');
  const document = parse(response.body as Buffer);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new DamagedAnswer('not a JSON object');
  }
  if ('__type' in document) throw new DamagedAnswer('an error document at status 200');
  return document as Record<string, unknown>;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    // The parser's message quotes the text, which may hold user ids: it goes no further.
    throw new DamagedAnswer('not JSON');
  }
}
