import { afterEach, describe, expect, test } from '@jest/globals';

import { startEmbeddedRekognition } from '../../src/embedded/start.ts';
import { call, type Answer } from '../support/contract.ts';
import { startIssuer } from '../support/issuer.ts';
import {
  collectionsOf,
  exception,
  pageOf,
  SECRETS,
  type Script,
  type Step,
} from '../support/scripted-rekognition.ts';
import { startService, stopServices, type Service } from '../support/service.ts';
import { started } from '../support/started.ts';

const made = Array.from({ length: 7 }, (_, index) => `made-${index}`);
const collections = made.map((id) => ({ id, users: [] }));
const embedded = started(() => startEmbeddedRekognition({ tps: 0, examples: false, collections }));
const issuer = started(startIssuer);

afterEach(stopServices);

const PATH = '/collections';

const listing = (step: Step): Script => ({
  operations: { ListCollections: () => step, ListUsers: () => pageOf(['alice'], 'upstream-token') },
});

const serve = (step: Step, config = {}): Promise<Service> => startService({ script: listing(step), config });

const guarded = (step: Step): Promise<Service> => serve(step, { auth: issuer().rules });

async function askAs(claim: unknown, { url }: Service, query = ''): Promise<Answer> {
  const token = await issuer().mint({ collections: claim });
  return call(url, `${PATH}${query}`, { headers: { Authorization: `Bearer ${token}` } });
}

interface Listed {
  readonly collectionId: string;
}

const idsOf = ({ json }: Answer): string[] =>
  (json['collections'] as readonly Listed[]).map(({ collectionId }) => collectionId);

describe('GET /collections', () => {
  test('answers a page of a hundred at most, in Rekognition’s order, with the face model of each', async () => {
    const { url, calls } = await serve(collectionsOf(['b', 'a']));
    const { status, json, headers } = await call(url, PATH);
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        collections: [
          { collectionId: 'b', faceModelVersion: '7.0' },
          { collectionId: 'a', faceModelVersion: '7.0' },
        ],
      },
    });
    expect(headers).not.toHaveProperty('link');
    expect(calls.map(({ operation, input }) => [operation, input])).toEqual([
      ['ListCollections', { MaxResults: 100 }],
    ]);
  });

  test.each([1, 2, 3, 7, 1000])('yields every collection once by pages of %i', async (maxResults) => {
    const { url } = await startService({ endpoint: embedded() });
    const found: string[] = [];
    for (let query = `?maxResults=${maxResults}`; query !== '';) {
      const page = await call(url, `${PATH}${query}`);
      found.push(...idsOf(page));
      // Link alone leads on, and keeps maxResults.
      query =
        /^<(\?maxResults=\d+&nextToken=[\w-]+)>; rel="next"$/.exec(page.headers['link'] ?? '')?.[1] ?? '';
      expect(query === '').toBe(page.json['nextToken'] === undefined);
    }
    expect(found).toEqual(made);
  });

  test('leaves out whatever else Rekognition sends', async () => {
    const { body } = collectionsOf(['a']) as { body: object };
    const { url } = await serve({ body: { ...body, CollectionARNs: ['arn:aws:x'] } });
    expect((await call(url, PATH)).text).toBe(
      '{"collections":[{"collectionId":"a","faceModelVersion":"7.0"}]}',
    );
  });

  test.each([
    ['without arrays', {}],
    ['with arrays of null', { CollectionIds: null, FaceModelVersions: null }],
  ])('answers an empty page for an answer %s', async (_, body) => {
    const { url } = await serve({ body });
    expect((await call(url, PATH)).json).toEqual({ collections: [] });
  });

  test.each([
    ['whose arrays differ in length', { CollectionIds: ['a', 'b'], FaceModelVersions: ['7.0'] }],
    ['without face models', { CollectionIds: ['a'] }],
    ['with a collection that is a number', { CollectionIds: [1], FaceModelVersions: ['7.0'] }],
    [
      'of more than were asked for',
      { CollectionIds: Array<string>(101).fill('a'), FaceModelVersions: Array<string>(101).fill('7') },
    ],
  ])('answers 502 for a page %s', async (_, body) => {
    const { url, calls } = await serve({ body });
    expect(await call(url, PATH)).toMatchObject({ status: 502, json: { code: 'UPSTREAM_ERROR' } });
    expect(calls).toHaveLength(3);
  });

  test('answers 403 where the service’s role may not list collections, and names nothing of AWS', async () => {
    const { url } = await serve(exception('AccessDeniedException'));
    const answer = await call(url, PATH);
    expect(answer).toMatchObject({ status: 403, json: { code: 'UPSTREAM_ACCESS_DENIED' } });
    for (const secret of SECRETS) expect(answer.text).not.toContain(secret);
  });

  test('answers 304 while the page is the same, also where its token is another', async () => {
    let token = 0;
    const script: Script = {
      operations: { ListCollections: () => collectionsOf(['a', 'b'], `token-${(token += 1)}`) },
    };
    const { url } = await startService({ script });
    const { headers } = await call(url, PATH);
    const again = await call(url, PATH, { headers: { 'If-None-Match': String(headers['etag']) } });
    expect(again).toMatchObject({ status: 304, text: '', headers: { etag: headers['etag'] } });
    expect(again.headers['link']).not.toBe(headers['link']);
  });
});

describe('Parameters of GET /collections', () => {
  test.each(['0', '1001', '1e2', '0x10', '+5', '%205', '007', ''])(
    'maxResults=%s is refused, and Rekognition is not asked',
    async (value) => {
      const { url, calls } = await serve(collectionsOf([]));
      expect(await call(url, `${PATH}?maxResults=${value}`)).toMatchObject({
        status: 400,
        json: { code: 'INVALID_PARAMETER', errors: [{ location: 'query', name: 'maxResults' }] },
      });
      expect(calls).toHaveLength(0);
    },
  );

  test.each(['MaxResults=5', 'maxResults=5&maxResults=5', 'maxResults[]=5', 'prefix=a'])(
    '?%s is refused',
    async (query) => {
      const { url, calls } = await serve(collectionsOf([]));
      expect(await call(url, `${PATH}?${query}`)).toMatchObject({
        status: 400,
        json: { code: 'INVALID_PARAMETER' },
      });
      expect(calls).toHaveLength(0);
    },
  );

  test('a page token of another listing is refused here, one of this listing there', async () => {
    const service = await serve(collectionsOf(['team'], 'upstream-token'));
    const tokenOf = async (path: string) => String((await call(service.url, path)).json['nextToken']);
    const [ours, users] = [await tokenOf(PATH), await tokenOf('/collections/team/users')];
    const before = service.calls.length;
    for (const path of [
      `${PATH}?nextToken=${users}`,
      `/collections/team/users?nextToken=${ours}`,
      `/collections/team/users.ndjson?nextToken=${ours}`,
      `${PATH}?nextToken=upstream-token`,
      `${PATH}?nextToken=`,
    ]) {
      const { status, json } = await call(service.url, path);
      expect({ path, status, json }).toMatchObject({
        path,
        status: 400,
        json: { code: 'INVALID_PAGE_TOKEN' },
      });
    }
    expect(service.calls).toHaveLength(before);
    expect((await call(service.url, `${PATH}?nextToken=${ours}&maxResults=7`)).status).toBe(200);
    expect(service.calls.at(-1)?.input).toEqual({ MaxResults: 7, NextToken: 'upstream-token' });
  });
});

describe('A caller of GET /collections', () => {
  const page = collectionsOf(['team-a', 'other', 'team-b'], 'upstream-token');

  test.each([
    [['team-*'], ['team-a', 'team-b']],
    ['other team-b', ['other', 'team-b']],
    [['*'], ['team-a', 'other', 'team-b']],
    [['team'], []],
    [undefined, []],
    [7, []],
  ])('whose claim is %j is shown %j, and that there is more', async (claim, visible) => {
    const answer = await askAs(claim, await guarded(page));
    expect(answer.status).toBe(200);
    expect(idsOf(answer)).toEqual(visible);
    expect(answer.json['nextToken']).toEqual(expect.stringMatching(/^[\w-]+$/));
  });

  test('has an ETag of what it is shown, not of what others are shown of the same page', async () => {
    const service = await startService({
      script: listing(page),
      config: { auth: issuer().rules, upstream: { cacheTtlMs: 60_000 } },
    });
    const [one, all] = [await askAs(['team-*'], service), await askAs(['*'], service)];
    expect(service.calls).toHaveLength(1);
    expect(one.headers['etag']).not.toBe(all.headers['etag']);
    expect(idsOf(one)).toEqual(['team-a', 'team-b']);
    const token = await issuer().mint({ collections: ['team-*'] });
    const headers = { Authorization: `Bearer ${token}`, 'If-None-Match': String(all.headers['etag']) };
    expect((await call(service.url, PATH, { headers })).status).toBe(200);
  });

  test('without a token is refused before its parameters are read, and nothing is asked of Rekognition', async () => {
    const { url, calls } = await guarded(page);
    expect((await call(url, `${PATH}?maxResults=0`)).status).toBe(401);
    expect(calls).toHaveLength(0);
  });

  test('with a bad parameter and a bad page token is INVALID_PARAMETER', async () => {
    const answer = await askAs(['*'], await guarded(page), '?maxResults=0&nextToken=x');
    expect(answer).toMatchObject({ status: 400, json: { code: 'INVALID_PARAMETER' } });
  });
});
