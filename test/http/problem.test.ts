import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { AppError, problems, type ErrorCode } from '../../src/errors.ts';
import { problemHeaders, toProblem } from '../../src/http/problem.ts';

const codes = Object.keys(problems) as ErrorCode[];

test.each(codes)('%s is rendered with its status, title and type', (code) => {
  const { status, title, retryable } = problems[code];
  expect(toProblem(new AppError(code, 'What happened.'), '/a', 'id-1')).toEqual({
    type: expect.stringMatching(/^urn:problem-type:rollcall:[a-z]+(-[a-z]+)*$/),
    title,
    status,
    detail: 'What happened.',
    instance: '/a',
    code,
    requestId: 'id-1',
    retryable,
  });
});

test('every code has a type of its own', () => {
  const types = codes.map((code) => toProblem(new AppError(code, ''), '/', 'id').type);
  expect(new Set(types).size).toBe(codes.length);
});

test('the errors of parameters are listed', () => {
  const errors = [{ location: 'query', name: 'size', detail: 'Give digits.' }] as const;
  expect(toProblem(new AppError('INVALID_PARAMETER', '', { errors }), '/', 'id').errors).toEqual(errors);
});

test('the cause is not in the problem', () => {
  const error = new AppError('INTERNAL_ERROR', 'Sorry.', { cause: new Error('secret') });
  expect(JSON.stringify(toProblem(error, '/', 'id'))).not.toContain('secret');
});

test.each([
  ['/collections/a/users?nextToken=secret', '/collections/a/users'],
  ['/a#secret', '/a'],
  ['/a?x\n=secret', '/a'],
  ['http://host.example:80/a/b?x=secret', '/a/b'],
  ['HTTPS://user:secret@host.example/a', '/a'],
  ['http://host.example', '/'],
  ['http://host.example?x=secret', '/'],
  ['?x=secret', '/'],
  ['', '/'],
  ['*', '*'],
  ['/a://b', '/a://b'],
  ['//evil.example/x', '/.//evil.example/x'],
  ['///evil.example', '/.///evil.example'],
  ['http://host.example//evil.example/x', '/.//evil.example/x'],
  ['/\\evil.example/x', '/%5Cevil.example/x'],
  ['/collections/{id}/users', '/collections/%7Bid%7D/users'],
  ['/collections/<a b>/"users"', '/collections/%3Ca%20b%3E/%22users%22'],
  ['/a|b^c`[d]', '/a%7Cb%5Ec%60%5Bd%5D'],
  ['/%C3%A9%2f', '/%C3%A9%2f'],
  ['/100%', '/100%25'],
  ['/%zz%4', '/%25zz%254'],
  ['/\u00c3\u00a9', '/%C3%A9'],
  ['/\t\r\n\0', '/%09%0D%0A%00'],
  ['evil.example:80', '/evil.example:80'],
  ['javascript:alert(1)', '/javascript:alert(1)'],
])('the instance of %p is %p: neither query nor host', (url, instance) => {
  expect(toProblem(new AppError('ROUTE_NOT_FOUND', ''), url, 'id').instance).toBe(instance);
});

test('every instance is a reference of RFC 3986 to a path of the host that was asked, whatever the target', () => {
  const piece = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    '%',
    '%2F',
    ':',
    '@',
    '*',
    'http:',
    'evil.example',
    '\t',
  );
  const target = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.oneof(piece, fc.string({ unit: 'binary-ascii', maxLength: 3 })))
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(target, (url) => {
      const { instance } = toProblem(new AppError('ROUTE_NOT_FOUND', ''), url, 'id');
      expect(instance).toMatch(/^(\*|\/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)$/);
      expect(new URL(instance, 'http://self.example').origin).toBe('http://self.example');
    }),
    { numRuns: 1000 },
  );
});

test.each([
  [0, '1'],
  [-5, '1'],
  [0.2, '1'],
  [1, '1'],
  [1.001, '2'],
  [59.4, '60'],
])('a retry after %p s is %s in the header and in the body', (retryAfterS, expected) => {
  const error = new AppError('RATE_LIMITED', '', { retryAfterS });
  expect(problemHeaders(error)).toEqual({ 'Retry-After': expected });
  expect(toProblem(error, '/', 'id').retryAfter).toBe(Number(expected));
});

test('there is no Retry-After without a time, and other headers stay', () => {
  const headers = { Allow: 'GET' };
  const error = new AppError('METHOD_NOT_ALLOWED', '', { headers });
  expect(problemHeaders(error)).toEqual(headers);
  expect(toProblem(error, '/', 'id')).not.toHaveProperty('retryAfter');
});

test('an error may name a status of its own', () => {
  const error = new AppError('MALFORMED_REQUEST', '', { status: 431 });
  expect(toProblem(error, '/', 'id')).toMatchObject({ status: 431, code: 'MALFORMED_REQUEST' });
});
