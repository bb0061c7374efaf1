import { afterEach, describe, expect, test } from '@jest/globals';

import { call, type Answer } from '../support/contract.ts';
import { SECRETS, exception, html, pageOf, type Script, type Step } from '../support/scripted-rekognition.ts';
import { startService, stopServices, until, type Service } from '../support/service.ts';

afterEach(stopServices);

const path = '/collections/team/users';

function serve(...script: Step[]): Promise<Service> {
  return startService({ script });
}

/** The page token of a first page, sealed by a service with the same key as any other. */
async function tokenFor(collection: string, upstreamToken = 'upstream-token'): Promise<string> {
  const { url } = await serve(pageOf(['alice'], upstreamToken));
  return String((await call(url, `/collections/${collection}/users`)).json['nextToken']);
}

interface Row {
  readonly cause: string;
  readonly step: Step;
  readonly status: number;
  readonly code: string;
  readonly calls: number;
}

const row = (cause: string, step: Step, status: number, code: string, calls: number): Row => ({
  cause,
  step,
  status,
  code,
  calls,
});
const thrown = (name: string, status: number, ...[answer, code, calls]: [number, string, number]): Row =>
  row(`${name} at ${status}`, exception(name, status), answer, code, calls);
const answered = (body: string): Step => ({ body });

const RETRYABLE = ['UPSTREAM_THROTTLED', 'UPSTREAM_ERROR', 'UPSTREAM_TIMEOUT'];

const causes: readonly Row[] = [
  thrown('InvalidParameterException', 400, 400, 'INVALID_PARAMETER', 1),
  thrown('ValidationException', 400, 400, 'INVALID_PARAMETER', 1),
  thrown('InvalidPaginationTokenException', 400, 400, 'INVALID_PAGE_TOKEN', 1),
  thrown('AccessDeniedException', 400, 403, 'UPSTREAM_ACCESS_DENIED', 1),
  thrown('ResourceNotFoundException', 400, 404, 'COLLECTION_NOT_FOUND', 1),
  thrown('ThrottlingException', 400, 429, 'UPSTREAM_THROTTLED', 3),
  thrown('ThrottlingException', 500, 429, 'UPSTREAM_THROTTLED', 3),
  thrown('ProvisionedThroughputExceededException', 400, 429, 'UPSTREAM_THROTTLED', 3),
  thrown('InternalServerError', 500, 502, 'UPSTREAM_ERROR', 3),
  thrown('UnrecognizedClientException', 400, 502, 'UPSTREAM_UNAUTHENTICATED', 1),
  thrown('ExpiredTokenException', 400, 502, 'UPSTREAM_UNAUTHENTICATED', 1),
  thrown('InvalidSignatureException', 400, 502, 'UPSTREAM_UNAUTHENTICATED', 1),
  thrown('ServiceUnavailableException', 503, 502, 'UPSTREAM_ERROR', 3),
  thrown('BrandNewException', 400, 502, 'UPSTREAM_ERROR', 1),
  thrown('BrandNewException', 429, 502, 'UPSTREAM_ERROR', 1),
  thrown('BrandNewException', 500, 502, 'UPSTREAM_ERROR', 3),
  thrown('com.amazonaws.rekognition#ResourceNotFoundException', 400, 404, 'COLLECTION_NOT_FOUND', 1),
  thrown('com.amazonaws.rekognition#ThrottlingException', 400, 429, 'UPSTREAM_THROTTLED', 3),
  row(
    'ResourceNotFoundException named by a header',
    {
      status: 400,
      headers: { 'x-amzn-errortype': 'ResourceNotFoundException:http://internal.amazon.com/' },
      body: {},
    },
    404,
    'COLLECTION_NOT_FOUND',
    1,
  ),
  ...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'].flatMap((name) => [
    thrown(name, 400, 502, 'UPSTREAM_ERROR', 1),
    row(
      `${name} named by a header`,
      { status: 500, headers: { 'x-amzn-errortype': name }, body: {} },
      502,
      'UPSTREAM_ERROR',
      3,
    ),
  ]),
  row('HTML at 500', html(500), 502, 'UPSTREAM_ERROR', 3),
  row('HTML at 200', html(200), 502, 'UPSTREAM_ERROR', 3),
  row(
    'a page as application/json',
    { headers: { 'Content-Type': 'application/json' }, body: '{"Users":[]}' },
    502,
    'UPSTREAM_ERROR',
    3,
  ),
  row('an empty answer at 200', { body: '' }, 502, 'UPSTREAM_ERROR', 3),
  row('a 204', { status: 204 }, 502, 'UPSTREAM_ERROR', 3),
  row('an array', answered('[]'), 502, 'UPSTREAM_ERROR', 3),
  row('null', answered('null'), 502, 'UPSTREAM_ERROR', 3),
  row('half a document', answered('{"Users":['), 502, 'UPSTREAM_ERROR', 3),
  row('Users as a string', answered('{"Users":"x"}'), 502, 'UPSTREAM_ERROR', 3),
  row('Users as an object', answered('{"Users":{}}'), 502, 'UPSTREAM_ERROR', 3),
  row('a user that is null', answered('{"Users":[null]}'), 502, 'UPSTREAM_ERROR', 3),
  row('a user without UserStatus', answered('{"Users":[{"UserId":"a"}]}'), 502, 'UPSTREAM_ERROR', 3),
  row(
    'a numeric UserId',
    answered('{"Users":[{"UserId":1,"UserStatus":"ACTIVE"}]}'),
    502,
    'UPSTREAM_ERROR',
    3,
  ),
  row('a numeric NextToken', answered('{"Users":[],"NextToken":7}'), 502, 'UPSTREAM_ERROR', 3),
  row(
    'more users than were asked for',
    pageOf(Array.from({ length: 101 }, (_, i) => `user-${i}`)),
    502,
    'UPSTREAM_ERROR',
    3,
  ),
  row('an error document at 200', exception('ResourceNotFoundException', 200), 502, 'UPSTREAM_ERROR', 3),
  row('a reset connection', 'reset', 502, 'UPSTREAM_ERROR', 3),
  row('a truncated answer', 'truncate', 502, 'UPSTREAM_ERROR', 3),
  row('no answer', 'hang', 504, 'UPSTREAM_TIMEOUT', 3),
];

describe('Rekognition answers with', () => {
  test.each(causes)('$cause: the caller gets $status $code after $calls calls', async (expected) => {
    const service = await startService({
      script: { always: expected.step },
      config: { upstream: { attemptTimeoutMs: 150 } },
    });
    const { status, json, headers, text } = await call(service.url, path);
    expect({ status, code: json['code'], calls: service.calls.length, retryable: json['retryable'] }).toEqual(
      {
        status: expected.status,
        code: expected.code,
        calls: expected.calls,
        retryable: RETRYABLE.includes(expected.code),
      },
    );
    expect(headers['retry-after']).toBe(expected.status === 429 ? '1' : undefined);
    expectNoSecrets({ text, headers });
  });

  test.each([
    ['5 ', '5'],
    ['1.5', '2'],
    ['99999999999999999999999', '3600'],
    ['1e3', '1'],
    ['-5', '1'],
    ['Infinity', '1'],
    ['0x10', '1'],
  ])('a throttle with Retry-After: %j: the response has Retry-After: %s', async (asked, stated) => {
    const { url } = await startService({
      script: { always: exception('ThrottlingException', 400, { 'Retry-After': asked }) },
      config: { upstream: { maxAttempts: 1 } },
    });
    const { status, headers, json } = await call(url, path);
    expect({ status, header: headers['retry-after'] }).toEqual({ status: 429, header: stated });
    expect(json['retryAfter'] ?? Number(stated)).toBe(Number(stated));
  });

  test('a redirect: the caller gets 502 UPSTREAM_ERROR, and it is not followed', async () => {
    const service = await startService({
      script: { always: { status: 302, headers: { Location: '/elsewhere' }, body: '' } },
    });
    expect(await call(service.url, path)).toMatchObject({ status: 502, json: { code: 'UPSTREAM_ERROR' } });
    expect(service.calls.every(({ input }) => input['CollectionId'] === 'team')).toBe(true);
  });

  test.each<[string, Step]>([
    ['a throttle', exception('ThrottlingException')],
    ['an exceeded quota', exception('ProvisionedThroughputExceededException')],
    ['an internal error', exception('InternalServerError', 500)],
    ['a reset', 'reset'],
    ['a truncated answer', 'truncate'],
    ['an HTML page at 200', html(200)],
    ['a time-out', 'hang'],
    [
      'a signature that expired on its way',
      { status: 400, body: { __type: 'InvalidSignatureException', message: 'Signature expired: 2030…' } },
    ],
  ])('%s and then a page: the caller gets the page', async (_name, step) => {
    const service = await startService({
      script: [step, step, pageOf(['alice'])],
      config: { upstream: { attemptTimeoutMs: 150 } },
    });
    expect(await call(service.url, path)).toMatchObject({
      status: 200,
      json: { users: [{ userId: 'alice', userStatus: 'ACTIVE' }] },
    });
  });

  test('a throttle and then a refusal: the last failure decides', async () => {
    const service = await serve(exception('ThrottlingException'), exception('AccessDeniedException'));
    expect((await call(service.url, path)).json['code']).toBe('UPSTREAM_ACCESS_DENIED');
  });

  test('a Retry-After beyond the deadline: the error comes at once, with that time', async () => {
    const { url, calls } = await serve(exception('ThrottlingException', 400, { 'Retry-After': '77' }));
    const { status, headers } = await call(url, path);
    expect({ status, after: headers['retry-after'], calls: calls.length }).toEqual({
      status: 429,
      after: '77',
      calls: 1,
    });
  });
});

function expectNoSecrets(shown: unknown): void {
  for (const secret of [...SECRETS, '/src/', 'node_modules']) {
    expect(JSON.stringify(shown)).not.toContain(secret);
  }
}

describe('The deadline', () => {
  test('ends a request with 504 while attempts are left, and none begins after it', async () => {
    const { url, calls } = await startService({
      script: { always: 'hang' },
      config: { upstream: { deadlineMs: 250, attemptTimeoutMs: 100, maxAttempts: 10 } },
    });
    expect(await call(url, path)).toMatchObject({ status: 504, json: { code: 'UPSTREAM_TIMEOUT' } });
    const begun = calls.length;
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(begun).toBeGreaterThan(1);
    expect(begun).toBeLessThan(10);
    expect(calls).toHaveLength(begun);
  });

  test('holds where a call never settles and ignores its signal', async () => {
    const { url } = await startService({
      client: { send: () => new Promise(() => undefined) },
      config: { upstream: { deadlineMs: 150, attemptTimeoutMs: 1000 } },
    });
    expect(await call(url, path)).toMatchObject({ status: 504, json: { code: 'UPSTREAM_TIMEOUT' } });
  });

  test('ends the call to Rekognition too', async () => {
    const { url, calls } = await startService({
      script: ['hang'],
      config: { upstream: { deadlineMs: 150 } },
    });
    expect((await call(url, path)).status).toBe(504);
    await calls[0]?.ended;
    expect(calls[0]?.aborted()).toBe(true);
  });
});

describe('A caller who leaves', () => {
  test('takes the call to Rekognition along, and none follows', async () => {
    const service = await serve('hang');
    const leaving = new AbortController();
    const asked = call(service.url, path, { signal: leaving.signal });
    await until(() => service.calls.length > 0);
    leaving.abort();
    await expect(asked).rejects.toThrow('aborted');
    await service.calls[0]?.ended;
    expect(service.calls[0]?.aborted()).toBe(true);
    expect(await service.logLine()).toMatchObject({ aborted: true, upstream: { attempts: 1 } });
    expect(service.calls).toHaveLength(1);
  });
});

describe('A page', () => {
  const get = async (body: unknown, target = path): Promise<Answer> =>
    call((await serve({ body })).url, target);

  test('has userId and userStatus, and nothing else that Rekognition adds', async () => {
    const { json, headers } = await get({
      Users: [{ UserId: 'a', UserStatus: 'ACTIVE', FaceIds: ['secret'], Arn: 'arn:aws:x' }],
      Extra: 1,
      ResponseMetadata: {},
    });
    expect(json).toEqual({ users: [{ userId: 'a', userStatus: 'ACTIVE' }] });
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
  });

  test('passes a status that is not known today', async () => {
    const { json } = await get({ Users: [{ UserId: 'a', UserStatus: 'ARCHIVED' }] });
    expect(json['users']).toEqual([{ userId: 'a', userStatus: 'ARCHIVED' }]);
  });

  test('keeps Rekognition’s order and every character of an id', async () => {
    const ids = ['z', 'a', 'É\u2028"\\', '日本', '10', '9'];
    const { json } = await get({ Users: ids.map((UserId) => ({ UserId, UserStatus: 'ACTIVE' })) });
    expect((json['users'] as { userId: string }[]).map(({ userId }) => userId)).toEqual(ids);
  });

  test.each([{}, { Users: null }, { Users: [] }, { Users: [], NextToken: '' }, { NextToken: null }])(
    'of %j is empty and the last',
    async (body) => {
      const { text, headers } = await get(body);
      expect(text).toBe('{"users":[]}');
      expect(headers).not.toHaveProperty('link');
    },
  );

  test('that is empty and has a NextToken is not the last', async () => {
    const { json, headers } = await get({ Users: [], NextToken: 'more' });
    expect(json).toEqual({ users: [], nextToken: expect.stringMatching(/^[\w-]+$/) });
    expect(headers['link']).toBe(`<?maxResults=100&nextToken=${String(json['nextToken'])}>; rel="next"`);
  });

  test('links to the next one by a query alone, which keeps maxResults and holds under any path prefix and Host', async () => {
    const { url } = await serve(pageOf(['a'], 'more'));
    const { headers, json } = await call(url, `${path}?maxResults=7`, {
      headers: { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' },
    });
    expect(headers['link']).toBe(`<?maxResults=7&nextToken=${String(json['nextToken'])}>; rel="next"`);
  });

  test('is asked for with what the caller gave, and 100 where it gave nothing', async () => {
    const { url, calls } = await serve(pageOf([]), pageOf([]), pageOf([]));
    await call(url, path);
    await call(url, `${path}?maxResults=500`);
    await call(url, '/collections/%74eam.A_-9/users?maxResults=1');
    expect(calls.map(({ input }) => input)).toEqual([
      { CollectionId: 'team', MaxResults: 100 },
      { CollectionId: 'team', MaxResults: 500 },
      { CollectionId: 'team.A_-9', MaxResults: 1 },
    ]);
    expect(calls[0]?.headers['x-amz-target']).toBe('RekognitionService.ListUsers');
  });

  test('may be cached, but not used without revalidation', async () => {
    const { headers } = await get({});
    expect(headers).toMatchObject({ 'cache-control': 'private, no-cache', vary: 'Origin, Authorization' });
  });
});

describe('An ETag', () => {
  const tagOf = async (step: Step): Promise<string> =>
    String((await call((await serve(step)).url, path)).headers['etag']);

  test('depends on the users and on whether there is more, not on the token', async () => {
    const first = await tagOf(pageOf(['a'], 'one'));
    expect(await tagOf(pageOf(['a'], 'two'))).toBe(first);
    expect(await tagOf(pageOf(['a']))).not.toBe(first);
    expect(await tagOf(pageOf(['b'], 'one'))).not.toBe(first);
  });

  test.each([
    ['itself', (tag: string) => tag],
    ['its strong form', (tag: string) => tag.replace('W/', '')],
    ['a list of tags', (tag: string) => `"x", ${tag} , W/"y"`],
    ['*', () => '*'],
  ])('named by If-None-Match as %s is 304, with its headers and without a body', async (_name, write) => {
    const { url } = await serve(pageOf(['a'], 'more'), pageOf(['a'], 'more'));
    const { headers } = await call(url, path);
    const again = await call(url, path, {
      headers: { 'If-None-Match': write(String(headers['etag'])), 'Cache-Control': 'no-cache' },
    });
    expect(again).toMatchObject({
      status: 304,
      text: '',
      headers: { etag: headers['etag'], link: headers['link'], 'cache-control': 'private, no-cache' },
    });
  });

  test.each(['"x"', 'W/"x", "y"', 'nonsense', ''])('is not matched by If-None-Match: %s', async (value) => {
    const { url } = await serve(pageOf(['a']));
    expect((await call(url, path, { headers: { 'If-None-Match': value } })).status).toBe(200);
  });

  test('never hides a failure', async () => {
    const { url } = await serve(exception('ResourceNotFoundException'));
    expect((await call(url, path, { headers: { 'If-None-Match': '*' } })).status).toBe(404);
  });
});

describe('HEAD', () => {
  test.each<[string, Step]>([
    ['a page', pageOf(['alice'], 'more')],
    ['a missing collection', exception('ResourceNotFoundException')],
  ])('for %s has the headers of GET, costs the same, and has no body', async (_name, step) => {
    const { url, calls } = await serve(step, step);
    const headers = { 'X-Request-Id': '0123456789abcdef' };
    const got = await call(url, path, { headers });
    const head = await call(url, path, { method: 'HEAD', headers });
    const stable = ({ headers: all }: Answer): object => ({ ...all, date: '', ratelimit: '' });
    expect(stable(head)).toEqual(stable(got));
    expect({ status: head.status, text: head.text }).toEqual({ status: got.status, text: '' });
    expect(calls).toHaveLength(2);
  });
});

describe('A parameter', () => {
  const faulty = async (target: string): Promise<unknown[]> => {
    const { url } = await startService();
    const { status, json } = await call(url, target);
    expect({ status, code: json['code'] }).toEqual({ status: 400, code: 'INVALID_PARAMETER' });
    return (json['errors'] as { location: string; name: string }[]).map(
      (error) => `${error.location} ${error.name}`,
    );
  };

  test.each([
    '0',
    '501',
    '1e2',
    '0x10',
    '+5',
    '%2B5',
    ' 5',
    '5 ',
    '007',
    '',
    '-1',
    '1.0',
    '٣',
    '1000',
    'NaN',
  ])('maxResults=%s is refused, and nothing reaches Rekognition', async (value) => {
    const written = value.replaceAll(' ', '%20').replaceAll('٣', encodeURIComponent('٣'));
    expect(await faulty(`${path}?maxResults=${written}`)).toEqual(['query maxResults']);
  });

  test.each([
    ['maxResults=1&maxResults=1', 'maxResults'],
    ['nextToken=a&nextToken=b', 'nextToken'],
    ['maxResults[]=1', 'maxResults[]'],
    ['maxResults%5B%5D=1', 'maxResults[]'],
    ['maxResults[a]=1', 'maxResults[a]'],
    ['MaxResults=1', 'MaxResults'],
    ['next_token=a', 'next_token'],
    ['__proto__=1', '__proto__'],
    ['constructor=1', 'constructor'],
    ['hasOwnProperty', 'hasOwnProperty'],
    [`${'x'.repeat(70)}=1`, `${'x'.repeat(64)}…`],
  ])('query ?%s is refused by name', async (query, name) => {
    expect(await faulty(`${path}?${query}`)).toEqual([`query ${name}`]);
  });

  test.each(['a b', 'a/b', 'a:b', 'é', '.', '..', 'a\0', '%61', 'x'.repeat(256), 'a\n'])(
    'collectionId %j is refused, and nothing reaches Rekognition',
    async (id) => {
      const written = encodeURIComponent(id).replaceAll('.', '%2e');
      expect(await faulty(`/collections/${written}/users`)).toEqual(['path collectionId']);
    },
  );

  test.each(['.', '..'])('collectionId %s written as it is is refused too', async (id) => {
    expect(await faulty(`/collections/${id}/users`)).toEqual(['path collectionId']);
  });

  test.each(['a', '...', '-', '_', 'x'.repeat(255)])('collectionId %s is accepted', async (id) => {
    const { url, calls } = await serve(pageOf([]));
    expect((await call(url, `/collections/${id}/users`)).status).toBe(200);
    expect(calls[0]?.input['CollectionId']).toBe(id);
  });

  test('that is faulty is named together with every other one', async () => {
    const errors = await faulty('/collections/a%20b/users?maxResults=0&nextToken=a&nextToken=b&MaxResults=1');
    expect(errors.sort()).toEqual([
      'path collectionId',
      'query MaxResults',
      'query maxResults',
      'query nextToken',
    ]);
  });
});

describe('A page token', () => {
  test('brings Rekognition’s own token back, with another maxResults too', async () => {
    const token = await tokenFor('team', 'up/stream+token=');
    expect(token).not.toContain('stream');
    const { url, calls } = await serve(pageOf([]), pageOf([]));
    await call(url, `${path}?nextToken=${token}`);
    await call(url, `${path}?nextToken=${token}&maxResults=9`);
    expect(calls.map(({ input }) => input)).toEqual([
      { CollectionId: 'team', MaxResults: 100, NextToken: 'up/stream+token=' },
      { CollectionId: 'team', MaxResults: 9, NextToken: 'up/stream+token=' },
    ]);
  });

  test('of the longest token that Rekognition gives fits into 1,024 characters', async () => {
    const longest = 'é'.repeat(255);
    const token = await tokenFor('team', longest);
    expect(token.length).toBeLessThanOrEqual(1024);
    const { url, calls } = await serve(pageOf([]));
    await call(url, `${path}?nextToken=${token}`);
    expect(calls[0]?.input['NextToken']).toBe(longest);
  });

  test.each<[string, (token: string) => string]>([
    ['empty', () => ''],
    ['of 1,025 characters', () => 'A'.repeat(1025)],
    ['Rekognition’s own', () => 'upstream-token'],
    ['cut', (token) => token.slice(0, -1)],
    ['longer', (token) => `${token}A`],
    ['padded', (token) => `${token}=`],
    ['forged in its first character', (token) => (token.startsWith('A') ? 'B' : 'A') + token.slice(1)],
    ['forged in its last record', (token) => token.slice(0, -4) + 'AAAA'],
    ['no base64url', () => 'é!'],
  ])('that is %s is refused, and nothing reaches Rekognition', async (_name, forge) => {
    const forged = encodeURIComponent(forge(await tokenFor('team')));
    const { url } = await startService();
    const { status, json } = await call(url, `${path}?nextToken=${forged}`);
    expect({ status, code: json['code'] }).toEqual({ status: 400, code: 'INVALID_PAGE_TOKEN' });
  });

  test('of another collection is refused, and nothing reaches Rekognition', async () => {
    const token = await tokenFor('other');
    const { url } = await startService();
    expect((await call(url, `${path}?nextToken=${token}`)).json['code']).toBe('INVALID_PAGE_TOKEN');
  });

  test('of a service with another key is refused, and of an older key accepted', async () => {
    const token = await tokenFor('team');
    const key = 'another key of page tokens for the tests';
    const stranger = await startService({ config: { pageTokens: { secrets: [key] } } });
    expect((await call(stranger.url, `${path}?nextToken=${token}`)).json['code']).toBe('INVALID_PAGE_TOKEN');
    const older = 'a key of page tokens for the tests only';
    const rotated = await startService({
      script: [pageOf([])],
      config: { pageTokens: { secrets: [key, older] } },
    });
    expect((await call(rotated.url, `${path}?nextToken=${token}`)).status).toBe(200);
  });

  test('is not in a problem', async () => {
    const { url } = await startService();
    expect((await call(url, `${path}?nextToken=verysecret`)).text).not.toContain('verysecret');
  });
});

describe('Accept', () => {
  test.each([
    undefined,
    '*/*',
    'application/json',
    'application/*',
    'APPLICATION/JSON',
    'application/json;q=0.1',
    'text/html, */*;q=0.1',
    'application/x-ndjson, application/json',
    'application/json; charset=utf-8',
    'application/json;version=1',
    '*',
  ])('%s gets a page', async (accept) => {
    const { url } = await serve(pageOf([]));
    const headers: Record<string, string> = accept === undefined ? {} : { Accept: accept };
    expect((await call(url, path, { headers })).status).toBe(200);
  });

  test.each([
    'text/html',
    'application/problem+json',
    'application/json;q=0',
    'application/json;q=0, */*',
    '*/*;q=0',
    'application/x-ndjson',
  ])('%s gets 406, and nothing reaches Rekognition', async (accept) => {
    const { url } = await startService();
    expect(await call(url, path, { headers: { Accept: accept } })).toMatchObject({
      status: 406,
      json: { code: 'NOT_ACCEPTABLE', retryable: false },
    });
  });

  test.each([
    ['maxResults=0', 'INVALID_PARAMETER'],
    ['nextToken=x', 'INVALID_PAGE_TOKEN'],
  ])('that excludes JSON comes after the error of ?%s', async (query, code) => {
    const { url } = await startService();
    const { json } = await call(url, `${path}?${query}`, { headers: { Accept: 'text/html' } });
    expect(json['code']).toBe(code);
  });
});

describe('The log', () => {
  const lineOf = async (script: Script, target = path): Promise<Readonly<Record<string, unknown>>> => {
    const service = await startService({ script });
    await call(service.url, target, { headers: { 'X-Request-Id': 'id-1', Authorization: 'Bearer secret' } });
    const line = await service.logLine();
    expect(service.logs).toHaveLength(1);
    return line;
  };

  test('tells of attempts, back-off and the last error, and not of what AWS said', async () => {
    const line = await lineOf([exception('ThrottlingException'), 'reset', pageOf(['jane.doe'], 'more')]);
    expect(line).toMatchObject({
      level: 'info',
      msg: 'request',
      method: 'GET',
      route: '/collections/:collectionId/users',
      collection: 'team',
      status: 200,
      requestId: 'id-1',
      upstream: { attempts: 3, delaysMs: [0, 0], lastError: { name: 'TransportError', cause: 'ECONNRESET' } },
    });
    expectNoSecrets(line);
  });

  test('holds no page token, user id or header', async () => {
    const token = await tokenFor('team', 'upstream-token');
    const line = await lineOf([pageOf(['jane.doe'], 'second-token')], `${path}?nextToken=${token}`);
    const text = JSON.stringify(line);
    for (const secret of [token, 'upstream-token', 'second-token', 'jane.doe', 'Bearer']) {
      expect(text).not.toContain(secret);
    }
  });

  test.each<[string, Step, object]>([
    ['AccessDeniedException', exception('AccessDeniedException'), { level: 'error', status: 403 }],
    ['ExpiredTokenException', exception('ExpiredTokenException'), { level: 'error', status: 502 }],
    ['ResourceNotFoundException', exception('ResourceNotFoundException'), { level: 'info', status: 404 }],
  ])('of %s is at the level that its operator needs', async (name, step, expected) => {
    const line = await lineOf([step]);
    expect(line).toMatchObject({ ...expected, upstream: { attempts: 1, lastError: { name, status: 400 } } });
    expectNoSecrets(line);
  });

  test('of a bug holds its stack, and the answer does not', async () => {
    const client = { send: () => Promise.reject(new TypeError('a bug at arn:aws:x')) };
    const service = await startService({ client });
    const { status, json, text } = await call(service.url, path);
    expect({ status, code: json['code'] }).toEqual({ status: 500, code: 'INTERNAL_ERROR' });
    expectNoSecrets(text);
    expect(await service.logLine()).toMatchObject({ level: 'error', err: { message: 'a bug at arn:aws:x' } });
  });
});
