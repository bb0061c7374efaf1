import type { RekognitionClient, ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-rekognition';
import { getSchemaSerdePlugin } from '@smithy/core/schema';
import { HttpRequest, toEndpointV1, type HttpResponse } from '@smithy/core/transport';
import type { DeserializeMiddleware, MiddlewareStack, SerializeMiddleware } from '@smithy/types';

import { readAnswer } from './read-answer.ts';

type Stack = MiddlewareStack<ServiceInputTypes, ServiceOutputTypes>;
type Deserialize = DeserializeMiddleware<ServiceInputTypes, ServiceOutputTypes>;

/** What CloudTrail shows. */
const USER_AGENT = 'rollcall';

/**
 * Takes out of the SDK's stack what this service does itself or has no use for, and reads and writes the plain JSON of AWS
 * JSON 1.1 without the walk over its schemas. Signing, credentials, endpoints and errors stay the SDK's. Together
 * it cost more than half of a call (bench/throughput.js).
 */
export function trimStack({ middlewareStack, config }: RekognitionClient): void {
  // The logger renders every page, user ids included, even where there is no log. The recursion header is Lambda's.
  for (const name of ['loggerMiddleware', 'recursionDetectionMiddleware', 'getUserAgentMiddleware']) {
    middlewareStack.remove(name);
  }
  // Signing has its place after it, so it stays, and does nothing.
  const retry = {
    name: 'retryMiddleware',
    step: 'finalizeRequest',
    priority: 'high',
    override: true,
  } as const;
  middlewareStack.add((next) => next, retry);
  const serializer = { name: 'serializerMiddleware', step: 'serialize', override: true } as const;
  middlewareStack.add(serialize, serializer);
  const deserializer = { name: 'deserializerMiddleware', step: 'deserialize', override: true } as const;
  middlewareStack.add(deserialize(sdkDeserializer(config)), deserializer);
}

const serialize: SerializeMiddleware<ServiceInputTypes, ServiceOutputTypes> = (next, context) => (args) => {
  if (!context.endpointV2) throw new Error('the SDK resolved no endpoint');
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `RekognitionService.${context.commandName?.replace(/Command$/, '') ?? ''}`,
    'user-agent': USER_AGENT,
  };
  const body = JSON.stringify(args.input);
  const request = new HttpRequest({ ...toEndpointV1(context.endpointV2), method: 'POST', headers, body });
  return next({ ...args, request });
};

/** A success is read here; what AWS says of a failure is read by the SDK. */
function deserialize(ofFailures: Deserialize): Deserialize {
  return (next, context) => async (args) => {
    const result = await next(args);
    const response = result.response as HttpResponse;
    if (response.statusCode >= 300) return ofFailures(() => Promise.resolve(result), context)(args);
    const $metadata = {
      httpStatusCode: response.statusCode,
      requestId: response.headers['x-amzn-requestid'],
    };
    return { response, output: { ...readAnswer(response), $metadata } as ServiceOutputTypes };
  };
}

/** The SDK's own, which it only hands to a stack. */
function sdkDeserializer(config: RekognitionClient['config']): Deserialize {
  const found: Deserialize[] = [];
  const stack = {
    add(middleware: Deserialize, { step }: { readonly step: string }) {
      if (step === 'deserialize') found.push(middleware);
    },
  };
  getSchemaSerdePlugin(config).applyToStack(stack as unknown as Stack);
  const [middleware] = found;
  if (!middleware) throw new Error('the SDK has no deserializer');
  return middleware;
}
