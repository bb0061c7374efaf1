import { expect, test } from '@jest/globals';

import {
  AttemptTimeout,
  UpstreamFailure,
  toAppError,
  toUpstreamFailure,
} from '../../src/rekognition/failure.ts';
import { CredentialsError } from '../../src/rekognition/credentials.ts';
import { MalformedResponse } from '../../src/rekognition/protocol.ts';
import { TransportError } from '../../src/rekognition/transport.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const now = () => NOW;
const TEXT = 'User: arn:aws:iam::123456789012:user/x is not authorized';

const aws = (name: string, status = 400, headers?: Record<string, string>) =>
  Object.assign(new Error(TEXT), {
    name,
    $metadata: { httpStatusCode: status, requestId: 'abc' },
    ...(headers && { $response: { headers } }),
  });

test.each([
  ['InvalidParameterException', 400, 'INVALID_PARAMETER', false],
  ['ValidationException', 400, 'INVALID_PARAMETER', false],
  ['InvalidPaginationTokenException', 400, 'INVALID_PAGE_TOKEN', false],
  ['AccessDeniedException', 400, 'UPSTREAM_ACCESS_DENIED', false],
  ['ResourceNotFoundException', 400, 'COLLECTION_NOT_FOUND', false],
  ['ThrottlingException', 400, 'UPSTREAM_THROTTLED', true],
  ['ProvisionedThroughputExceededException', 400, 'UPSTREAM_THROTTLED', true],
  ['TooManyRequestsException', 429, 'UPSTREAM_THROTTLED', true],
  ['UnrecognizedClientException', 400, 'UPSTREAM_UNAUTHENTICATED', false],
  ['InvalidClientTokenId', 403, 'UPSTREAM_UNAUTHENTICATED', false],
  ['ExpiredTokenException', 400, 'UPSTREAM_UNAUTHENTICATED', false],
  ['InvalidSignatureException', 400, 'UPSTREAM_UNAUTHENTICATED', false],
  ['SignatureDoesNotMatch', 403, 'UPSTREAM_UNAUTHENTICATED', false],
  ['IncompleteSignature', 400, 'UPSTREAM_UNAUTHENTICATED', false],
  ['MissingAuthenticationTokenException', 400, 'UPSTREAM_UNAUTHENTICATED', false],
  ['OptInRequired', 403, 'UPSTREAM_UNAUTHENTICATED', false],
  ['SubscriptionRequiredException', 400, 'UPSTREAM_UNAUTHENTICATED', false],
  ['RequestTimeTooSkewed', 403, 'UPSTREAM_UNAUTHENTICATED', false],
  ['RequestInTheFuture', 400, 'UPSTREAM_UNAUTHENTICATED', false],
  ['AuthFailure', 401, 'UPSTREAM_UNAUTHENTICATED', false],
  ['InternalServerError', 500, 'UPSTREAM_ERROR', true],
  ['ServiceUnavailable', 503, 'UPSTREAM_ERROR', true],
  ['SomethingNewException', 500, 'UPSTREAM_ERROR', true],
  ['SomethingNewException', 400, 'UPSTREAM_ERROR', false],
  ['Unknown', 429, 'UPSTREAM_ERROR', false],
] as const)('%s at status %i means %s', (name, status, code, retry) => {
  expect(toUpstreamFailure(aws(name, status), now)).toMatchObject({
    code,
    retry,
    summary: { name, status },
    requestId: 'abc',
  });
});

test('an exception without a status is not taken for a passing one', () => {
  const error = Object.assign(new Error(), { name: 'Odd', $metadata: {} });
  expect(toUpstreamFailure(error, now)).toMatchObject({
    code: 'UPSTREAM_ERROR',
    retry: false,
    retryAfterMs: undefined,
    summary: { name: 'Odd' },
    requestId: undefined,
  });
});

test.each([
  [
    Object.assign(new Error(TEXT), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }),
    { name: 'AccessDenied' },
  ],
  [Object.assign(new Error(TEXT), { name: 'Throttling', $metadata: {} }), { name: 'Throttling' }],
  [Object.assign(new Error(TEXT), { code: 'ENOENT' }), { name: 'Error', cause: 'ENOENT' }],
  [
    new TransportError(Object.assign(new Error(TEXT), { code: 'ECONNRESET' })),
    { name: 'TransportError', cause: 'ECONNRESET' },
  ],
  [
    new AggregateError([Object.assign(new Error(TEXT), { code: 'ECONNREFUSED' })]),
    { name: 'AggregateError', cause: 'ECONNREFUSED' },
  ],
  ['text', { name: 'Error' }],
])('credentials that can not be looked up because of %p are a matter of credentials', (cause, summary) => {
  const failure = toUpstreamFailure(new CredentialsError(cause), now);
  expect(failure).toMatchObject({ code: 'UPSTREAM_UNAUTHENTICATED', retry: false });
  expect(failure.summary).toEqual({ ...summary, stage: 'credentials' });
});

test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'constructorException', ''])(
  'an exception of the name %p is an unknown one',
  (name) => {
    expect(toUpstreamFailure(aws(name, 400), now)).toMatchObject({ code: 'UPSTREAM_ERROR', retry: false });
  },
);

test('a refused signature is retried once the clock has been corrected', () => {
  const error = aws('InvalidSignatureException');
  Object.assign(error.$metadata, { clockSkewCorrected: true });
  expect(toUpstreamFailure(error, now)).toMatchObject({ code: 'UPSTREAM_UNAUTHENTICATED', retry: true });
});

test.each([
  [
    'Signature expired: 20300101T000000Z is now earlier than 20300101T001000Z (20300101T001500Z - 5 min.)',
    true,
  ],
  ['Signature not yet current: 20300101T001000Z is still later than 20300101T000500Z', true],
  ['The request signature we calculated does not match the signature you provided.', false],
])('a signature that is refused with "%s" is retried: %p', (message, retry) => {
  const error = Object.assign(aws('InvalidSignatureException'), { message });
  expect(toUpstreamFailure(error, now)).toMatchObject({ code: 'UPSTREAM_UNAUTHENTICATED', retry });
});

test.each([
  [new AttemptTimeout(), 'UPSTREAM_TIMEOUT', { name: 'AttemptTimeout' }],
  [
    new TransportError(Object.assign(new Error(TEXT), { code: 'ECONNREFUSED' })),
    'UPSTREAM_ERROR',
    { name: 'TransportError', cause: 'ECONNREFUSED' },
  ],
  [new TransportError(new Error(TEXT)), 'UPSTREAM_ERROR', { name: 'TransportError' }],
  [new TransportError(undefined), 'UPSTREAM_ERROR', { name: 'TransportError' }],
  [
    new MalformedResponse('not JSON\n  Deserialization error: …'),
    'UPSTREAM_ERROR',
    { name: 'MalformedResponse', cause: 'not JSON' },
  ],
  [new SyntaxError(TEXT), 'UPSTREAM_ERROR', { name: 'SyntaxError' }],
])('%p is retried as %s', (error, code, summary) => {
  expect(toUpstreamFailure(error, now)).toMatchObject({ code, retry: true });
  expect(toUpstreamFailure(error, now).summary).toEqual(summary);
});

test("no failure has the exception's text", () => {
  expect(JSON.stringify(toUpstreamFailure(aws('AccessDeniedException'), now))).not.toContain('arn:');
});

test("an error that is neither AWS's nor the network's is thrown on", () => {
  const bug = new TypeError('x is not a function');
  expect(() => toUpstreamFailure(bug, now)).toThrow(bug);
});

test('something thrown that is no error is a bug', () => {
  expect(() => toUpstreamFailure('text', now)).toThrow('no error');
});

test.each([
  ['7', 7000],
  ['0', 0],
  [new Date(NOW + 3000).toUTCString(), 3000],
  [new Date(NOW - 3000).toUTCString(), 0],
  ['soon', undefined],
  ['', undefined],
  ['-5', undefined],
  ['5 ', 5000],
  [' 5\t', 5000],
  ['1.5', 1500],
  ['0.0001', 1],
  ['7, 7', 7000],
  ['3601', 3_600_000],
  ['99999999999999999999999', 3_600_000],
  [new Date(NOW + 86_400_000).toUTCString(), 3_600_000],
])('a Retry-After of %p is %p ms', (value, expected) => {
  const error = aws('ThrottlingException', 400, { 'retry-after': value });
  expect(toUpstreamFailure(error, now).retryAfterMs).toBe(expected);
});

test('a throttle is handed on with its Retry-After, or a second', () => {
  const asked = toUpstreamFailure(aws('ThrottlingException', 400, { 'retry-after': '7' }), now);
  const plain = toUpstreamFailure(aws('ThrottlingException', 400, {}), now);
  expect(toAppError(new UpstreamFailure(asked, undefined)).retryAfterS).toBe(7);
  expect(toAppError(new UpstreamFailure(plain, undefined)).retryAfterS).toBe(1);
});

test('other failures name no time', () => {
  const cause = aws('InternalServerError', 503, { 'retry-after': '7' });
  const error = toAppError(new UpstreamFailure(toUpstreamFailure(cause, now), cause));
  expect(error).toMatchObject({ code: 'UPSTREAM_ERROR', retryAfterS: undefined, cause });
});
