import { expect, test } from '@jest/globals';

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

test('the faults of parameters are listed', () => {
  const faults = [{ in: 'query', name: 'size', detail: 'Give digits.' }] as const;
  expect(toProblem(new AppError('INVALID_PARAMETER', '', { faults }), '/', 'id').errors).toEqual(faults);
});

test('the cause is not told', () => {
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
])('the instance of %p is %p: neither query nor host', (url, instance) => {
  expect(toProblem(new AppError('ROUTE_NOT_FOUND', ''), url, 'id').instance).toBe(instance);
});

test.each([
  [0, '1'],
  [-5, '1'],
  [0.2, '1'],
  [1, '1'],
  [1.001, '2'],
  [59.4, '60'],
])('a retry after %p s is told as %s', (retryAfterS, expected) => {
  expect(problemHeaders(new AppError('RATE_LIMITED', '', { retryAfterS }))).toEqual({
    'Retry-After': expected,
  });
});

test('there is no Retry-After without a time, and other headers are kept', () => {
  const headers = { Allow: 'GET' };
  expect(problemHeaders(new AppError('METHOD_NOT_ALLOWED', '', { headers }))).toEqual(headers);
});

test('an error may name a status of its own', () => {
  const error = new AppError('MALFORMED_REQUEST', '', { status: 431 });
  expect(toProblem(error, '/', 'id')).toMatchObject({ status: 431, code: 'MALFORMED_REQUEST' });
});
