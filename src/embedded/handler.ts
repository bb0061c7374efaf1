import type { Authenticate } from './authenticate.ts';
import { Fault, faultReply } from './fault.ts';
import type { Backend } from './operation.ts';
import { operations } from './operations.ts';
import type { Quota } from './quota.ts';
import type { Reply } from './reply.ts';
import type { SignableRequest } from './sigv4.ts';

interface HandlerOptions {
  readonly authenticate: Authenticate;
  readonly quota: Quota;
  readonly backend: Backend;
  /** Told of an error that is no `Fault`: a bug here. */
  readonly onBug: (error: unknown) => void;
}

/** Answers a whole request. Never throws. */
export type Handler = (request: SignableRequest) => Reply;

const targetPrefix = 'RekognitionService.';

/** The way of a request, in AWS's order: operation, signature, quota, input, and only then the work. */
export function createHandler({ authenticate, quota, backend, onBug }: HandlerOptions): Handler {
  function answer(request: SignableRequest): Reply {
    const name = operationName(request);
    const operation = operations.get(name);
    if (!operation) throw unknownOperation(`The operation ${name} is not known.`);
    authenticate(request);
    if (!quota.take(name)) throw new Fault('ProvisionedThroughputExceededException');
    return operation(name, readJson(request.body), backend);
  }
  return (request) => {
    try {
      return answer(request);
    } catch (error) {
      if (error instanceof Fault) return faultReply(error);
      onBug(error);
      return faultReply(new Fault('InternalServerError'));
    }
  };
}

function operationName({ method, path, headers }: SignableRequest): string {
  if (method !== 'POST' || path !== '/') throw unknownOperation('Every operation is POST /.', 404);
  const target = headers['x-amz-target']?.[0] ?? '';
  return target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : target;
}

function unknownOperation(message: string, status?: number): Fault {
  return new Fault('UnknownOperationException', { message, status });
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new Fault('SerializationException');
  }
}
