import express, { type RequestHandler } from 'express';
import { expect, test } from '@jest/globals';
import request from 'supertest';

import { AppError } from '../../src/errors.ts';
import { errorHandler, routeNotFound } from '../../src/http/error-handler.ts';
import { ClientLeft, contextOf, requestContext, type RequestContext } from '../../src/http/context.ts';

function appWith(handler: RequestHandler) {
  const contexts: RequestContext[] = [];
  const app = express();
  app.use(requestContext({ error: () => undefined }), (_req, res, next) => {
    contexts.push(contextOf(res));
    next();
  });
  app.get('/', handler);
  app.use(routeNotFound(['/a/:id/b', '/c']), errorHandler());
  return { app, contexts };
}

test('an error for the caller is rendered, and noted for the log', async () => {
  const error = new AppError('UPSTREAM_THROTTLED', 'Wait.', { retryAfterS: 1.5 });
  const { app, contexts } = appWith(() => {
    throw error;
  });
  const { status, headers, body } = await request(app).get('/?nextToken=secret').set('X-Request-Id', 'id-1');
  expect(status).toBe(429);
  expect(headers).toMatchObject({ 'content-type': 'application/problem+json', 'retry-after': '2' });
  expect(body).toMatchObject({ code: 'UPSTREAM_THROTTLED', instance: '/', requestId: 'id-1' });
  expect(contexts[0]?.error).toBe(error);
});

test.each([
  ['an error', new Error('secret')],
  ['a text', 'secret'],
  ['an error with a status', Object.assign(new Error('secret'), { status: 418, expose: true })],
])('a bug that fails with %s tells the caller nothing, and the log everything', async (_, thrown) => {
  const { app, contexts } = appWith((_req, _res, next) => {
    next(thrown);
  });
  const { status, text } = await request(app).get('/');
  expect(status).toBe(500);
  expect(text).not.toContain('secret');
  expect(contexts[0]?.error).toMatchObject({ code: 'INTERNAL_ERROR', cause: thrown });
});

test('a path that nothing takes is not found', async () => {
  const { app } = appWith((_req, _res, next) => {
    next();
  });
  expect((await request(app).get('/none')).body).toMatchObject({
    status: 404,
    code: 'ROUTE_NOT_FOUND',
    detail: expect.stringContaining('The routes are /a/{id}/b, /c. '),
  });
});

test('an answer that fails half-way ends the connection', async () => {
  const { app, contexts } = appWith((_req, res) => {
    res.write('half');
    throw new Error('a bug');
  });
  await expect(request(app).get('/')).rejects.toThrow();
  expect(contexts[0]?.error).toMatchObject({ code: 'INTERNAL_ERROR' });
});

test('a caller who left is no error, and gets no answer', async () => {
  const { app, contexts } = appWith(() => {
    throw new ClientLeft();
  });
  await expect(request(app).get('/')).rejects.toThrow('socket hang up');
  expect(contexts[0]?.error).toBeUndefined();
});
