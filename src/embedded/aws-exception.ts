import { randomUUID } from 'node:crypto';
import { amzJson, type HttpReply } from './reply.ts';

/**
 * The exceptions an AWS client can meet here: status and message as AWS documents or sends them. What Rekognition itself
 * raises is `modelled`; the rest comes from AWS's front door, which writes shorter bodies.
 */
export const exceptions = {
  AccessDeniedException: {
    status: 400,
    modelled: true,
    message: 'You are not authorized to perform the action.',
  },
  ConflictException: { status: 400, modelled: true, message: 'A User with the same Id already exists.' },
  IdempotentParameterMismatchException: {
    status: 400,
    modelled: true,
    message: 'The ClientRequestToken was already used with different parameters.',
  },
  InternalServerError: { status: 500, modelled: true, message: 'Internal server error' },
  InvalidPaginationTokenException: { status: 400, modelled: true, message: 'Invalid Token' },
  InvalidParameterException: { status: 400, modelled: true, message: 'Request has invalid parameters.' },
  ProvisionedThroughputExceededException: {
    status: 400,
    modelled: true,
    message: 'Provisioned Rate exceeded.',
  },
  ResourceAlreadyExistsException: { status: 400, modelled: true, message: 'The resource already exists' },
  ResourceNotFoundException: { status: 400, modelled: true, message: 'The resource does not exist' },
  ServiceQuotaExceededException: { status: 400, modelled: true, message: 'The service quota is exceeded.' },
  ThrottlingException: {
    status: 400,
    modelled: true,
    message: 'Slow down; sudden increase in rate of requests.',
  },

  ExpiredTokenException: {
    status: 400,
    modelled: false,
    message: 'The security token included in the request is expired',
  },
  IncompleteSignatureException: {
    status: 400,
    modelled: false,
    message: 'The Authorization header is incomplete.',
  },
  InvalidSignatureException: {
    status: 400,
    modelled: false,
    message:
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
      'and signing method. Consult the service documentation for details.',
  },
  MissingAuthenticationTokenException: {
    status: 400,
    modelled: false,
    message: 'Missing Authentication Token',
  },
  RequestEntityTooLargeException: {
    status: 413,
    modelled: false,
    message: 'The request body is larger than 1 MiB.',
  },
  SerializationException: { status: 400, modelled: false, message: 'The request body is not JSON.' },
  ServiceUnavailableException: { status: 503, modelled: false, message: 'Service Unavailable' },
  UnknownOperationException: { status: 400, modelled: false, message: 'The operation is not known.' },
  UnrecognizedClientException: {
    status: 400,
    modelled: false,
    message: 'The security token included in the request is invalid.',
  },
  ValidationException: { status: 400, modelled: false, message: '1 validation error detected.' },
} as const satisfies Record<string, { status: number; modelled: boolean; message: string }>;

/** The name of an exception in the table. */
export type ExceptionName = keyof typeof exceptions;

interface ExceptionOptions {
  readonly message?: string | undefined;
  /** The HTTP status, where it is not the table's. */
  readonly status?: number | undefined;
}

/** An exception as AWS would answer it; a name outside the table is a 400 from the front door. */
export class AwsException extends Error {
  override readonly name: string;
  readonly status: number;
  readonly modelled: boolean;

  constructor(name: ExceptionName | (string & {}), options: ExceptionOptions = {}) {
    const known = Object.hasOwn(exceptions, name) ? exceptions[name as ExceptionName] : undefined;
    super(options.message ?? known?.message ?? name);
    this.name = name;
    this.status = options.status ?? known?.status ?? 400;
    this.modelled = known?.modelled ?? false;
  }
}

/** The answer that carries an exception, in the body form of its origin. */
export function exceptionReply({ name, status, modelled, message }: AwsException): HttpReply {
  return amzJson(
    status,
    modelled
      ? { __type: name, Code: name, Logref: randomUUID(), Message: message }
      : { __type: name, message },
  );
}
