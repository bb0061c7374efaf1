import { afterEach, describe, expect, test } from '@jest/globals';

import { startEmbeddedRekognition } from '../../src/embedded/start.ts';
import { call } from '../support/contract.ts';
import { startIssuer } from '../support/issuer.ts';
import {
  describedAs,
  exception,
  pageOf,
  SECRETS,
  type Script,
  type Step,
} from '../support/scripted-rekognition.ts';
import { startService, stopServices, type Service, type ServiceOptions } from '../support/service.ts';
import { started } from '../support/started.ts';

const embedded = started(() => startEmbeddedRekognition({ tps: 0 }));
const issuer = started(startIssuer);

afterEach(stopServices);

const PATH = '/collections/team';

const described = (step: Step): Script => ({
  operations: { DescribeCollection: () => step, ListUsers: () => pageOf(['alice']) },
});

const serve = (step: Step, options: ServiceOptions = {}): Promise<Service> =>
  startService({ script: described(step), ...options });

describe('GET /collections/{collectionId}', () => {
  test('answers the counts, the face model and the time of creation in UTC, for one call', async () => {
    const { url, calls } = await serve(describedAs(8));
    const { status, json } = await call(url, PATH);
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        collectionId: 'team',
        userCount: 8,
        faceCount: 0,
        faceModelVersion: '7.0',
        creationTimestamp: '2023-11-14T22:13:20.000Z',
      },
    });
    expect(calls.map(({ operation, input }) => [operation, input])).toEqual([
      ['DescribeCollection', { CollectionId: 'team' }],
    ]);
  });

  test('answers the counts of an example collection', async () => {
    const { url } = await startService({ endpoint: embedded() });
    expect((await call(url, '/collections/example-campus')).json).toMatchObject({ userCount: 5000 });
  });

  test('never tells the ARN', async () => {
    const { body } = describedAs(8) as { body: object };
    const { url } = await serve({ body: { ...body, CollectionARN: 'arn:aws:rekognition:x:123456789012:y' } });
    const { text } = await call(url, PATH);
    for (const secret of SECRETS) expect(text).not.toContain(secret);
  });

  test('answers 304 while nothing has changed, and 200 when a count has', async () => {
    let users = 8;
    const script: Script = { operations: { DescribeCollection: () => describedAs(users) } };
    const { url } = await startService({ script });
    const { headers } = await call(url, PATH);
    const known = { headers: { 'If-None-Match': String(headers['etag']) } };
    expect(await call(url, PATH, known)).toMatchObject({ status: 304, text: '' });
    users = 9;
    expect((await call(url, PATH, known)).status).toBe(200);
  });

  test.each([
    ['a count that is missing', { UserCount: undefined }],
    ['a count that is negative', { FaceCount: -1 }],
    ['a time that is text', { CreationTimestamp: 'yesterday' }],
    ['a time in milliseconds', { CreationTimestamp: 1_700_000_000_000 }],
    ['a time before the year 0', { CreationTimestamp: -62_167_219_201 }],
    ['no face model', { FaceModelVersion: null }],
  ])('answers 502 for %s', async (_, damage) => {
    const { body } = describedAs(8) as { body: object };
    const { url } = await serve({ body: { ...body, ...damage } });
    expect(await call(url, PATH)).toMatchObject({ status: 502, json: { code: 'UPSTREAM_ERROR' } });
  });

  test.each([
    ['ResourceNotFoundException', 404, 'COLLECTION_NOT_FOUND'],
    ['AccessDeniedException', 403, 'UPSTREAM_ACCESS_DENIED'],
    ['ThrottlingException', 429, 'UPSTREAM_THROTTLED'],
  ])('answers %s with %i %s', async (name, status, code) => {
    const { url } = await serve(exception(name));
    expect(await call(url, PATH)).toMatchObject({ status, json: { code } });
  });

  test('shares cached results and calls in flight', async () => {
    const config = { upstream: { cacheTtlMs: 60_000 } };
    const { url, calls } = await serve(describedAs(8), { config });
    const answers = await Promise.all(Array.from({ length: 5 }, () => call(url, PATH)));
    answers.push(await call(url, PATH));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(calls).toHaveLength(1);
  });

  test('takes none of the quota of ListUsers', async () => {
    // Each operation has one permit, and another only after ten seconds.
    const config = { upstream: { tps: 0.1, burst: 1, deadlineMs: 2000 } };
    const { url } = await serve(describedAs(8), { config });
    expect((await call(url, '/collections/team/users')).status).toBe(200);
    expect((await call(url, PATH)).status).toBe(200);
    expect(await call(url, '/collections/team2')).toMatchObject({
      status: 503,
      json: { code: 'OVERLOADED' },
    });
  });
});

describe('Parameters of GET /collections/{collectionId}', () => {
  test.each(['%2e', '%2E%2e', 'a%2Fb', 'a%20b', 'a:b', 'x'.repeat(256), '%F0%9F%98%80'])(
    'the id %s is refused, and Rekognition is not asked',
    async (id) => {
      const { url, calls } = await serve(describedAs(8));
      expect(await call(url, `/collections/${id}`)).toMatchObject({
        status: 400,
        json: { code: 'INVALID_PARAMETER', errors: [{ location: 'path', name: 'collectionId' }] },
      });
      expect(calls).toHaveLength(0);
    },
  );

  test.each(['nextToken=x', 'maxResults=5'])('it has none in its query: ?%s is refused', async (query) => {
    const { url, calls } = await serve(describedAs(8));
    expect((await call(url, `${PATH}?${query}`)).json).toMatchObject({
      errors: [{ location: 'query', detail: 'There is no such parameter: this route has none.' }],
    });
    expect(calls).toHaveLength(0);
  });
});

describe('A caller of GET /collections/{collectionId}', () => {
  const guarded = () => serve(exception('ResourceNotFoundException'), { config: { auth: issuer().rules } });

  test('who may not read it is refused whether it exists or not, and nothing is asked of Rekognition', async () => {
    const { url, calls } = await guarded();
    const headers = { Authorization: `Bearer ${await issuer().mint({ collections: ['other'] })}` };
    expect(await call(url, PATH, { headers })).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } });
    expect(await call(url, `${PATH}?x=1`, { headers })).toMatchObject({ status: 400 });
    expect(await call(url, `${PATH}?x=1`)).toMatchObject({ status: 401 });
    expect(calls).toHaveLength(0);
  });

  test('of a caller who may read it is COLLECTION_NOT_FOUND', async () => {
    const { url } = await guarded();
    const headers = { Authorization: `Bearer ${await issuer().mint({ collections: ['te*'] })}` };
    expect((await call(url, PATH, { headers })).status).toBe(404);
  });
});
