import { expect, test } from '@jest/globals';

import { AttemptTimeout, FailedAttempt, toAppError, toFault } from '../../src/rekognition/fault.ts';
import { DamagedAnswer } from '../../src/rekognition/read-answer.ts';
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
  ['InternalServerError', 500, 'UPSTREAM_ERROR', true],
  ['ServiceUnavailable', 503, 'UPSTREAM_ERROR', true],
  ['SomethingNewException', 500, 'UPSTREAM_ERROR', true],
  ['SomethingNewException', 400, 'UPSTREAM_ERROR', false],
  ['Unknown', 429, 'UPSTREAM_ERROR', false],
] as const)('%s at status %i means %s', (name, status, code, retry) => {
  expect(toFault(aws(name, status), now)).toMatchObject({
    code,
    retry,
    summary: { name, status },
    requestId: 'abc',
  });
});

test('an exception without a status is not taken for a passing one', () => {
  const error = Object.assign(new Error(), { name: 'Odd', $metadata: {} });
  expect(toFault(error, now)).toEqual({
    code: 'UPSTREAM_ERROR',
    retry: false,
    retryAfterMs: undefined,
    summary: { name: 'Odd' },
    requestId: undefined,
  });
});

test.each(['CredentialsProviderError', 'TokenProviderError'])(
  '%s, which never reached AWS, is a matter of credentials',
  (name) => {
    const error = Object.assign(new Error('no profile at /home/x'), { name });
    expect(toFault(error, now)).toMatchObject({ code: 'UPSTREAM_UNAUTHENTICATED', retry: false });
  },
);

test('a refused signature is retried once the clock has been corrected', () => {
  const error = aws('InvalidSignatureException');
  Object.assign(error.$metadata, { clockSkewCorrected: true });
  expect(toFault(error, now)).toMatchObject({ code: 'UPSTREAM_UNAUTHENTICATED', retry: true });
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
    new DamagedAnswer('not JSON\n  Deserialization error: …'),
    'UPSTREAM_ERROR',
    { name: 'DamagedAnswer', cause: 'not JSON' },
  ],
  [new SyntaxError(TEXT), 'UPSTREAM_ERROR', { name: 'SyntaxError' }],
])('%p is retried as %s', (error, code, summary) => {
  expect(toFault(error, now)).toMatchObject({ code, retry: true });
  expect(toFault(error, now).summary).toEqual(summary);
});

test("no fault tells the exception's text", () => {
  expect(JSON.stringify(toFault(aws('AccessDeniedException'), now))).not.toContain('arn:');
});

test("an error that is neither AWS's nor the network's is thrown on", () => {
  const bug = new TypeError('x is not a function');
  expect(() => toFault(bug, now)).toThrow(bug);
});

test('something thrown that is no error is a bug', () => {
  expect(() => toFault('text', now)).toThrow('no error');
});

test.each([
  ['7', 7000],
  ['0', 0],
  [new Date(NOW + 3000).toUTCString(), 3000],
  [new Date(NOW - 3000).toUTCString(), 0],
  ['soon', undefined],
])('a Retry-After of %p is %p ms', (value, expected) => {
  const error = aws('ThrottlingException', 400, { 'retry-after': value });
  expect(toFault(error, now).retryAfterMs).toBe(expected);
});

test('a throttle is handed on with its Retry-After, or a second', () => {
  const asked = toFault(aws('ThrottlingException', 400, { 'retry-after': '7' }), now);
  const plain = toFault(aws('ThrottlingException', 400, {}), now);
  expect(toAppError(new FailedAttempt(asked, undefined)).retryAfterS).toBe(7);
  expect(toAppError(new FailedAttempt(plain, undefined)).retryAfterS).toBe(1);
});

test('other faults name no time', () => {
  const cause = aws('InternalServerError', 503, { 'retry-after': '7' });
  const error = toAppError(new FailedAttempt(toFault(cause, now), cause));
  expect(error).toMatchObject({ code: 'UPSTREAM_ERROR', retryAfterS: undefined, cause });
});
