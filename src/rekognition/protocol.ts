import { AwsJson1_1Protocol } from '@aws-sdk/core/protocols';
import type {
  EndpointBearer,
  HandlerExecutionContext,
  HttpRequest,
  HttpResponse,
  MetadataBearer,
  SerdeFunctions,
} from '@smithy/types';

/** A response that is not what Rekognition documents. Its message is for the log, and holds nothing of the response. */
export class MalformedResponse extends Error {
  override readonly name = 'MalformedResponse';
}

/**
 * AWS JSON 1.1 with plain JSON both ways: an input is sent as JSON, and a success is read strictly and returned as the
 * JSON that was received. The SDK reads the exceptions.
 */
export class StrictJsonProtocol extends AwsJson1_1Protocol {
  override async serializeRequest(
    { name }: Parameters<AwsJson1_1Protocol['serializeRequest']>[0],
    input: object,
    { endpoint }: HandlerExecutionContext & SerdeFunctions & EndpointBearer,
  ): Promise<HttpRequest> {
    return {
      ...(await endpoint()),
      query: {},
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `${this.serviceTarget}.${name}`,
      },
      body: JSON.stringify(input),
    };
  }

  override async deserializeResponse<Output extends MetadataBearer>(
    operation: Parameters<AwsJson1_1Protocol['deserializeResponse']>[0],
    context: HandlerExecutionContext & SerdeFunctions,
    response: HttpResponse,
  ): Promise<Output> {
    if (this.isErrorResponse(response.statusCode)) {
      return super.deserializeResponse(operation, context, response);
    }
    const output: MetadataBearer = {
      ...readResponse(response),
      $metadata: this.deserializeMetadata(response),
    };
    return output as Output;
  }
}

/**
 * Reads a success of AWS JSON 1.1 strictly. The SDK takes an HTML page, an empty body, an array or an error document at
 * status 200 for a success; here each of them is a `MalformedResponse`. Each operation checks the members that it reads.
 */
function readResponse(response: HttpResponse): Record<string, unknown> {
  if (response.statusCode !== 200) throw new MalformedResponse(`status ${response.statusCode}`);
  const type = response.headers['content-type']?.split(/[;,]/, 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-amz-json-1.1') throw new MalformedResponse('not application/x-amz-json-1.1');
  const document = parse(response.body as Buffer);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new MalformedResponse('not a JSON object');
  }
  if (response.headers['x-amzn-errortype'] !== undefined || Object.keys(document).some(namesException)) {
    throw new MalformedResponse('an error document at status 200');
  }
  return document as Record<string, unknown>;
}

/** The members by which the SDK finds the name of an exception. */
function namesException(member: string): boolean {
  return member === '__type' || member.toLowerCase() === 'code';
}

function parse(body: Buffer): unknown {
  try {
    // Fatal, since replacement characters would make other ids of those that were sent.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // The parser's message quotes the text, which may hold user ids: it goes no further.
    throw new MalformedResponse('not JSON');
  }
}
