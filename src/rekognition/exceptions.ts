import type { ErrorCode } from '../errors.ts';

/** The exceptions of Rekognition and of AWS's front door, without their `Exception`. The names come from outside. */
export const exceptionCodes: ReadonlyMap<string, ErrorCode> = new Map(
  Object.entries<ErrorCode>({
    InvalidParameter: 'INVALID_PARAMETER',
    Validation: 'INVALID_PARAMETER',
    InvalidPaginationToken: 'INVALID_PAGE_TOKEN',
    AccessDenied: 'UPSTREAM_ACCESS_DENIED',
    ResourceNotFound: 'COLLECTION_NOT_FOUND',
    UnrecognizedClient: 'UPSTREAM_UNAUTHENTICATED',
    InvalidClientTokenId: 'UPSTREAM_UNAUTHENTICATED',
    ExpiredToken: 'UPSTREAM_UNAUTHENTICATED',
    InvalidToken: 'UPSTREAM_UNAUTHENTICATED',
    InvalidSignature: 'UPSTREAM_UNAUTHENTICATED',
    SignatureDoesNotMatch: 'UPSTREAM_UNAUTHENTICATED',
    IncompleteSignature: 'UPSTREAM_UNAUTHENTICATED',
    MissingAuthenticationToken: 'UPSTREAM_UNAUTHENTICATED',
    // For the SDK these four, too, are signs of a wrong clock.
    AuthFailure: 'UPSTREAM_UNAUTHENTICATED',
    RequestExpired: 'UPSTREAM_UNAUTHENTICATED',
    RequestInTheFuture: 'UPSTREAM_UNAUTHENTICATED',
    RequestTimeTooSkewed: 'UPSTREAM_UNAUTHENTICATED',
    NotAuthorized: 'UPSTREAM_UNAUTHENTICATED',
    OptInRequired: 'UPSTREAM_UNAUTHENTICATED',
    SubscriptionRequired: 'UPSTREAM_UNAUTHENTICATED',
    Throttling: 'UPSTREAM_THROTTLED',
    Throttled: 'UPSTREAM_THROTTLED',
    RequestThrottled: 'UPSTREAM_THROTTLED',
    ProvisionedThroughputExceeded: 'UPSTREAM_THROTTLED',
    RequestLimitExceeded: 'UPSTREAM_THROTTLED',
    LimitExceeded: 'UPSTREAM_THROTTLED',
    BandwidthLimitExceeded: 'UPSTREAM_THROTTLED',
    TooManyRequests: 'UPSTREAM_THROTTLED',
    SlowDown: 'UPSTREAM_THROTTLED',
  }),
);

/** The exception that is temporary, though its status is 400. */
export const passingException = 'RequestTimeout';
