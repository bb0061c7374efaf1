import { randomUUID } from 'node:crypto';
import { amzJson, type HttpReply } from './reply.ts';

/** What Rekognition itself raises: status and message as AWS documents or sends them. */
export const modelled = {
  AccessDeniedException: [400, 'You are not authorized to perform the action.'],
  ConflictException: [400, 'A User with the same Id already exists.'],
  IdempotentParameterMismatchException: [
    400,
    'The ClientRequestToken was already used with different parameters.',
  ],
  InternalServerError: [500, 'Internal server error'],
  InvalidPaginationTokenException: [400, 'Invalid Token'],
  InvalidParameterException: [400, 'Request has invalid parameters.'],
  ProvisionedThroughputExceededException: [400, 'Provisioned Rate exceeded.'],
  ResourceAlreadyExistsException: [400, 'The resource already exists'],
  ResourceNotFoundException: [400, 'The resource does not exist'],
  ServiceQuotaExceededException: [400, 'The service quota is exceeded.'],
  ThrottlingException: [400, 'Slow down; sudden increase in rate of requests.'],
} as const;

/** What AWS's front door raises, which writes shorter bodies. */
export const unmodelled = {
  ExpiredTokenException: [400, 'The security token included in the request is expired'],
  IncompleteSignatureException: [400, 'The Authorization header is incomplete.'],
  InvalidSignatureException: [
    400,
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
      'and signing method. Consult the service documentation for details.',
  ],
  MissingAuthenticationTokenException: [400, 'Missing Authentication Token'],
  RequestEntityTooLargeException: [413, 'The request body is larger than 1 MiB.'],
  SerializationException: [400, 'The request body is not JSON.'],
  ServiceUnavailableException: [503, 'Service Unavailable'],
  UnknownOperationException: [400, 'The operation is not known.'],
  UnrecognizedClientException: [400, 'The security token included in the request is invalid.'],
  ValidationException: [400, '1 validation error detected.'],
} as const;

/** The name of an exception in the tables. */
export type ExceptionName = keyof typeof modelled | keyof typeof unmodelled;

const known = new Map<string, readonly [status: number, message: string]>(
  Object.entries({ ...modelled, ...unmodelled }),
);

interface ExceptionOptions {
  readonly message?: string | undefined;
  /** The HTTP status, where it is not the tables'. */
  readonly status?: number | undefined;
}

/** An exception as AWS would send it; a name outside the tables is a 400 from the front door. */
export class AwsException extends Error {
  override readonly name: string;
  readonly status: number;
  readonly modelled: boolean;

  constructor(name: ExceptionName | (string & {}), options: ExceptionOptions = {}) {
    const [status, message] = known.get(name) ?? [400, name];
    super(options.message ?? message);
    this.name = name;
    this.status = options.status ?? status;
    this.modelled = Object.hasOwn(modelled, name);
  }
}

/** The response with an exception, in the body form of its origin. */
export function exceptionReply({ name, status, modelled, message }: AwsException): HttpReply {
  return amzJson(
    status,
    modelled
      ? { __type: name, Code: name, Logref: randomUUID(), Message: message }
      : { __type: name, message },
  );
}
