import {
  ListUsersCommand,
  type RekognitionClient,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-rekognition';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import { getSchemaSerdePlugin } from '@smithy/core/schema';
import { HttpRequest, toEndpointV1, type HttpResponse } from '@smithy/core/transport';
import {
  SMITHY_CONTEXT_KEY,
  type DeserializeHandlerArguments,
  type DeserializeMiddleware,
  type InitializeHandlerArguments,
  type MiddlewareStack,
  type SerializeMiddleware,
  type StaticOperationSchema,
} from '@smithy/types';

import { readAnswer } from './read-answer.ts';

type ResolvedConfig = RekognitionClient['config'];
type Stack = MiddlewareStack<ServiceInputTypes, ServiceOutputTypes>;
type Serialize = SerializeMiddleware<ServiceInputTypes, ServiceOutputTypes>;
type Deserialize = DeserializeMiddleware<ServiceInputTypes, ServiceOutputTypes>;

interface WithSignal {
  readonly signal: AbortSignal;
}

/** One attempt of one operation. Its answer is unchecked but for its envelope. */
export type Call<Input> = (input: Input, signal: AbortSignal) => Promise<Readonly<Record<string, unknown>>>;

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
  const endpoint = {
    name: 'endpointV2Middleware',
    relation: 'before',
    toMiddleware: 'serializerMiddleware',
  } as const;
  middlewareStack.addRelativeTo(locate(config), endpoint);
  const serializer = { name: 'serializerMiddleware', step: 'serialize', override: true } as const;
  middlewareStack.add(serialize, serializer);
  const deserializer = { name: 'deserializerMiddleware', step: 'deserialize', override: true } as const;
  middlewareStack.add(deserialize(sdkDeserializer(config)), deserializer);
}

/**
 * An operation of a trimmed client, its middleware put together once. A command would do that for each call, or, where
 * the client caches it, find the endpoint for each call.
 */
export function createCall<Input extends ServiceInputTypes>(
  { middlewareStack, config }: RekognitionClient,
  schema: StaticOperationSchema,
): Call<Input> {
  const [, , operation] = schema;
  const send = middlewareStack.resolve<Input, ServiceOutputTypes>(
    (args) => {
      const { request, signal } = args as DeserializeHandlerArguments<Input> & WithSignal;
      return config.requestHandler.handle(request as HttpRequest, { abortSignal: signal });
    },
    { [SMITHY_CONTEXT_KEY]: { operation, operationSchema: schema } },
  );
  return async (input, signal) => {
    // What a middleware does not know it hands on.
    const args: InitializeHandlerArguments<Input> & WithSignal = { input, signal };
    const { output } = await send(args);
    return output as unknown as Record<string, unknown>;
  };
}

/**
 * The endpoint, found once: it depends on settings alone, so that any command's parameters will do. The SDK writes into the
 * configuration that it is given, which is therefore a copy.
 */
function locate(config: ResolvedConfig): Serialize {
  return (next, context) => async (args) => {
    context.endpointV2 ??= await getEndpointFromInstructions({}, ListUsersCommand, { ...config }, context);
    return next(args);
  };
}

const serialize: Serialize = (next, context) => (args) => {
  if (!context.endpointV2) throw new Error('the SDK resolved no endpoint');
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `RekognitionService.${context[SMITHY_CONTEXT_KEY]?.operation ?? ''}`,
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
function sdkDeserializer(config: ResolvedConfig): Deserialize {
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
