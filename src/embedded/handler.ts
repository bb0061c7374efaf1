import type { Authenticate, SignedRequest } from './authenticate.ts';
import { AwsException, exceptionReply } from './aws-exception.ts';
import type { Backend } from './operation.ts';
import { operations } from './operations.ts';
import type { Quota } from './quota.ts';
import type { HttpReply } from './reply.ts';

interface HandlerOptions {
  readonly authenticate: Authenticate;
  readonly quota: Quota;
  readonly backend: Backend;
  /** Called with an error that is no `AwsException`: a bug here. */
  readonly onBug: (error: unknown) => void;
}

/** Answers a whole request. Never rejects. */
export type Handler = (request: SignedRequest) => Promise<HttpReply>;

const targetPrefix = 'RekognitionService.';

/** The way of a request, in AWS's order: operation, signature, quota, input, and only then the work. */
export function createHandler({ authenticate, quota, backend, onBug }: HandlerOptions): Handler {
  async function reply(request: SignedRequest): Promise<HttpReply> {
    const name = operationName(request);
    const operation = operations.get(name);
    if (!operation) throw unknownOperation(`The operation ${name} is not known.`);
    await authenticate(request);
    if (!quota.take(name)) throw new AwsException('ProvisionedThroughputExceededException');
    return operation(name, readJson(request.body), backend);
  }
  return async (request) => {
    try {
      return await reply(request);
    } catch (error) {
      if (error instanceof AwsException) return exceptionReply(error);
      onBug(error);
      return exceptionReply(new AwsException('InternalServerError'));
    }
  };
}

function operationName({ method, path, headers }: SignedRequest): string {
  if (method !== 'POST' || path !== '/') throw unknownOperation('Every operation is POST /.', 404);
  const target = headers['x-amz-target']?.[0] ?? '';
  return target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : target;
}

function unknownOperation(message: string, status?: number): AwsException {
  return new AwsException('UnknownOperationException', { message, status });
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new AwsException('SerializationException');
  }
}
