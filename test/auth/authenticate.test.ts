import { createHmac, randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  base64url,
  CompactEncrypt,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type CryptoKey,
  type JWK,
} from 'jose';

import { createPageTokens } from '../../src/http/page-token.ts';
import { call, exchange, readRaw, type Answer } from '../support/contract.ts';
import { builtDocs } from '../support/docs.ts';
import { AUDIENCE, signingKey, startIssuer, type Issuer, type SigningKey } from '../support/issuer.ts';
import { pageOf, type Script } from '../support/scripted-rekognition.ts';
import { startService, stopServices, until, type Service } from '../support/service.ts';

let issuer: Issuer;

beforeAll(async () => {
  issuer = await startIssuer();
});

afterEach(async () => {
  issuer.requests.length = 0;
  issuer.answer = undefined;
  await stopServices();
});

afterAll(() => issuer.stop());

const docsDirectory = builtDocs();

const PATH = '/collections/team/users';
const seconds = () => Math.floor(Date.now() / 1000);

const guarded = (script: Script = [], config = {}): Promise<Service> =>
  startService({
    script,
    docsDirectory,
    config: { auth: { ...issuer.rules, jwksUri: `${issuer.url}/keys` }, ...config },
  });

const ask = (
  { url }: Service,
  token: string,
  options: { path?: string; headers?: Record<string, string> } = {},
) => call(url, options.path ?? PATH, { headers: { Authorization: `Bearer ${token}`, ...options.headers } });

function expectRefused(answer: Answer, word = 'invalid'): void {
  expect(answer).toMatchObject({
    status: 401,
    headers: {
      'www-authenticate': `Bearer realm="rollcall", error="invalid_token", error_description="${word}"`,
    },
    json: { code: 'UNAUTHENTICATED', retryable: false },
  });
}

describe('A token that verifies', () => {
  test.each(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'] as const)(
    'with %s opens its collections',
    async (alg) => {
      const key = await signingKey(alg, `key-${alg}`);
      issuer.shown.push(key.publicJwk);
      const service = await guarded([pageOf(['alice'])]);
      const answer = await ask(service, await issuer.mint({}, { key }));
      issuer.shown.pop();
      expect(answer.status).toBe(200);
    },
  );

  test('is accepted if another key that fits is too short', async () => {
    const key = await signingKey('RS256', 'shared');
    const short = { kty: 'RSA', kid: 'shared', e: 'AQAB', n: base64url.encode(Buffer.alloc(128, 0xc5)) };
    issuer.shown.push(short, key.publicJwk);
    const service = await guarded([pageOf(['alice'])]);
    const answer = await ask(service, await issuer.mint({}, { key }));
    issuer.shown.splice(-2);
    expect(answer.status).toBe(200);
  });

  test.each<[string, Record<string, unknown>]>([
    ['names several audiences', { aud: ['https://other.example', AUDIENCE] }],
    ['ran out less than 5 s ago', { exp: seconds() - 1 }],
    ['begins in less than 5 s', { nbf: seconds() + 3 }],
    ['names no subject', { sub: undefined }],
    ['names a very long subject', { sub: 's'.repeat(3000) }],
  ])('is accepted where it %s', async (_, claims) => {
    const service = await guarded([pageOf(['alice'])]);
    const token = await issuer.mint({ ...claims, ...('exp' in claims && { exp: seconds() - 1 }) });
    expect((await ask(service, token)).status).toBe(200);
  });

  test.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt'])('may be of the type %s', async (typ) => {
    const service = await guarded([pageOf(['alice'])]);
    expect((await ask(service, await issuer.mint({}, { header: { typ } }))).status).toBe(200);
  });

  test.each(['bearer', 'BEARER'])('may be introduced by %s', async (scheme) => {
    const service = await guarded([pageOf(['alice'])]);
    const headers = { Authorization: `${scheme} ${await issuer.mint()}` };
    expect((await call(service.url, PATH, { headers })).status).toBe(200);
  });

  test.each([1, 2, 40])('may stand behind %i spaces', async (count) => {
    const service = await guarded([pageOf(['alice'])]);
    const headers = { Authorization: `Bearer${' '.repeat(count)}${await issuer.mint()}` };
    expect((await call(service.url, PATH, { headers })).status).toBe(200);
  });

  test('is nowhere in the log, whatever comes of it', async () => {
    const service = await guarded([pageOf(['alice'])]);
    const good = await issuer.mint();
    await ask(service, good);
    await ask(service, `${good}x`);
    await until(() => service.logs.length === 2);
    const log = JSON.stringify(service.logs);
    for (const part of good.split('.')) expect(log).not.toContain(part);
    expect(service.logs).toMatchObject([
      { caller: 'sub:alice', status: 200 },
      { caller: '127.0.0.1', status: 401, code: 'UNAUTHENTICATED', reason: expect.stringMatching(/^ERR_/) },
    ]);
  });
});

describe('A token without a kid', () => {
  const anonymous = async () => {
    const key = await signingKey('ES256', '');
    delete key.publicJwk.kid;
    return key;
  };
  const mintBy = (key: SigningKey) => issuer.mint({}, { key, header: noKid });
  /** JSON leaves it out. */
  const noKid = { kid: undefined as never };
  let known: JWK[];

  beforeEach(() => {
    known = issuer.shown.splice(0);
  });
  afterEach(() => {
    issuer.shown.splice(0, Infinity, ...known);
  });

  test('is accepted by any of the keys that fit, up to eight, and refused when signed with another', async () => {
    const pairs = await Promise.all(Array.from({ length: 9 }, anonymous));
    issuer.shown.push(...pairs.map(({ publicJwk }) => publicJwk));
    const service = await guarded({ always: pageOf(['alice']) });
    const statuses = [];
    for (const key of [...pairs, await anonymous()]) {
      statuses.push((await ask(service, await mintBy(key))).status);
    }
    expect(statuses).toEqual([...Array<number>(8).fill(200), 401, 401]);
    expect(issuer.requests).toEqual(['/keys']);
  });

  test('that has expired is `expired`, whichever of two keys has signed it', async () => {
    const pairs = [await anonymous(), await anonymous()];
    issuer.shown.push(...pairs.map(({ publicJwk }) => publicJwk));
    const service = await guarded();
    for (const key of pairs) {
      const token = await issuer.mint({ exp: seconds() - 60 }, { key, header: noKid });
      expectRefused(await ask(service, token), 'expired');
    }
  });
});

/** A token from its parts, with any signer. */
function forged(
  header: object,
  payload: unknown,
  sign: (input: string) => Buffer = () => randomBytes(64),
): string {
  const input = [header, payload].map((part) => base64url.encode(JSON.stringify(part))).join('.');
  return `${input}.${sign(input).toString('base64url')}`;
}

const claims = () => ({
  iss: issuer.url,
  aud: AUDIENCE,
  sub: 'mallory',
  exp: seconds() + 60,
  collections: ['*'],
});
const flip = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);

/** An issuer of the attacker's own, who signs with a key of his. */
let stranger: SigningKey;
beforeAll(async () => {
  stranger = await signingKey('ES256', 'key-1');
});

type Attack = () => Promise<string> | string;

const header = (parts: object) => ({ alg: 'ES256', kid: 'key-1', ...parts });
const mintWith =
  (parts: Record<string, unknown>): Attack =>
  () =>
    issuer.mint(parts);
const signedBy =
  (parts: object): Attack =>
  () =>
    issuer.mint({}, { key: stranger, header: parts });
const hmacWith =
  (secret: () => Promise<string> | string): Attack =>
  async () => {
    const key = await secret();
    return forged({ alg: 'HS256', kid: 'key-1' }, claims(), (input) =>
      createHmac('sha256', key).update(input).digest(),
    );
  };

const attacks: Readonly<Record<string, Attack>> = {
  'alg none': () => `${forged({ alg: 'none' }, claims()).split('.').slice(0, 2).join('.')}.`,
  'alg NoNe': () => `${forged({ alg: 'NoNe', kid: 'key-1' }, claims()).split('.').slice(0, 2).join('.')}.`,
  'alg none with a signature': () => forged({ alg: 'none', kid: 'key-1' }, claims()),
  'no alg': () => forged({ kid: 'key-1' }, claims()),
  'an alg that is a list': () => forged(header({ alg: ['ES256'] }), claims()),
  'no signature': async () => (await issuer.mint()).replace(/[^.]*$/, ''),
  'a signature of zeros (CVE-2022-21449)': () => forged(header({}), claims(), () => Buffer.alloc(64)),
  'an altered signature': async () => {
    const token = await issuer.mint();
    return flip(token, token.lastIndexOf('.') + 5);
  },
  'altered claims': async () => {
    const [head, , signature] = (await issuer.mint()).split('.');
    return [head, base64url.encode(JSON.stringify({ ...claims(), sub: 'root' })), signature].join('.');
  },
  'an altered header': async () => {
    const [, ...rest] = (await issuer.mint()).split('.');
    return [base64url.encode(JSON.stringify(header({ typ: 'JWT' }))), ...rest].join('.');
  },
  'HMAC with the public key as JSON': hmacWith(() => JSON.stringify(issuer.key.publicJwk)),
  'HMAC with the public key as PEM': hmacWith(async () => {
    const key = await importJWK(issuer.key.publicJwk, 'ES256', { extractable: true });
    return exportSPKI(key as CryptoKey);
  }),
  'HMAC with an empty secret': () =>
    forged({ alg: 'HS256', kid: 'key-1' }, claims(), (input) =>
      createHmac('sha256', '').update(input).digest(),
    ),
  'another algorithm than the key’s': () => forged(header({ alg: 'RS256' }), claims()),
  'an algorithm that is not allowed (ES384)': () => forged(header({ alg: 'ES384' }), claims()),
  'an algorithm that is not allowed (RS512)': () => forged(header({ alg: 'RS512' }), claims()),
  'a key of somebody else under a known kid': signedBy({}),
  'an unknown kid': signedBy({ kid: 'unknown' }),
  'a kid that is a path': signedBy({ kid: '../../../../dev/null' }),
  'a kid that is SQL': signedBy({ kid: "key-1' OR '1'='1" }),
  'a kid that is a URL': () => issuer.mint({}, { key: stranger, header: { kid: `${issuer.url}/evil` } }),
  'a kid that is a number': () => forged(header({ kid: 1 }), claims()),
  'a kid of a prototype': signedBy({ kid: '__proto__' }),
  jku: () => issuer.mint({}, { key: stranger, header: { jku: `${issuer.url}/evil` } }),
  x5u: () => issuer.mint({}, { key: stranger, header: { x5u: `${issuer.url}/evil` } }),
  x5c: () => issuer.mint({}, { key: stranger, header: { x5c: ['MIIB'] } }),
  'an embedded jwk': () => issuer.mint({}, { key: stranger, header: { jwk: stranger.publicJwk } }),
  'an embedded jwk without kid': () =>
    issuer.mint({}, { key: stranger, header: { kid: undefined, jwk: stranger.publicJwk as never } as never }),
  'an unknown crit': () => forged(header({ crit: ['exp-policy'], 'exp-policy': 1 }), claims()),
  'an empty crit': () => forged(header({ crit: [] }), claims()),
  'crit b64 with an unencoded payload': () => forged(header({ crit: ['b64'], b64: false }), claims()),
  'a token of another kind (logout+jwt)': () => issuer.mint({}, { header: { typ: 'logout+jwt' } }),
  'a token of another kind (dpop+jwt)': () => issuer.mint({}, { header: { typ: 'dpop+jwt' } }),
  'a nested token': () => issuer.mint({}, { header: { cty: 'JWT', typ: 'secevent+jwt' } }),
  'no issuer': mintWith({ iss: undefined }),
  'another issuer': mintWith({ iss: 'https://evil.example' }),
  'the issuer with a slash more': () => issuer.mint({ iss: `${issuer.url}/` }),
  'a list of issuers': () => issuer.mint({ iss: [issuer.url] }),
  'no audience': mintWith({ aud: undefined }),
  'another audience': mintWith({ aud: 'https://other.example' }),
  'an audience that only begins alike': mintWith({ aud: `${AUDIENCE}.evil.example` }),
  'a list of other audiences': mintWith({ aud: ['https://other.example'] }),
  'an empty list of audiences': mintWith({ aud: [] }),
  'no expiry': mintWith({ exp: undefined }),
  'an expiry as text': mintWith({ exp: '9999999999' }),
  'an expiry of null': mintWith({ exp: null }),
  'a begin that is text': mintWith({ nbf: '0' }),
  'a subject that is an object': mintWith({ sub: { toString: 'alice' } }),
  'a subject that is a list': mintWith({ sub: ['alice'] }),
  'claims that are a list': () => forged(header({}), [claims()]),
  'five parts (encrypted)': async () => {
    const { publicKey } = await generateKeyPair('RSA-OAEP-256');
    return new CompactEncrypt(Buffer.from(JSON.stringify(claims())))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
      .encrypt(publicKey);
  },
  'more than 8 KiB': mintWith({ padding: 'x'.repeat(9000) }),
  garbage: () => 'garbage',
  'two dots': () => '..',
  'bad base64': () => '!!!.???.***',
  'standard base64': async () => `${await issuer.mint()}==`,
  'a header that is not JSON': () => `${base64url.encode('{')}.${base64url.encode('{}')}.AAAA`,
  'a header that is null': () => forged(null as never, claims()),
};

describe('An attack', () => {
  test.each(Object.keys(attacks))(
    'by a token with %s is refused, and asks nothing of Rekognition',
    async (name) => {
      const service = await guarded();
      expectRefused(await ask(service, (await attacks[name]?.()) ?? ''));
      expect(service.calls).toHaveLength(0);
      // At most the issuer's own keys were fetched, and nothing that the token named.
      expect([[], ['/keys']]).toContainEqual(issuer.requests);
    },
  );

  test.each<[string, () => Record<string, unknown>]>([
    ['has run out', () => ({ exp: seconds() - 6 })],
    ['ran out in 1970', () => ({ exp: 0 })],
  ])('by a token that %s is refused as expired', async (_, parts) => {
    expectRefused(await ask(await guarded(), await issuer.mint(parts())), 'expired');
  });

  test('by a token that has not begun is refused', async () => {
    expectRefused(await ask(await guarded(), await issuer.mint({ nbf: seconds() + 60 })));
  });

  test('by a weak RSA key of the issuer’s is refused', async () => {
    const weak: JWK = { kty: 'RSA', kid: 'weak', e: 'AQAB', n: base64url.encode(Buffer.alloc(128, 0xc5)) };
    issuer.shown.push(weak);
    const answer = await ask(await guarded(), forged({ alg: 'RS256', kid: 'weak' }, claims()));
    issuer.shown.pop();
    expectRefused(answer);
  });

  test('by many tokens with unknown keys costs the issuer one fetch', async () => {
    const service = await guarded();
    const token = (i: number) => issuer.mint({}, { key: stranger, header: { kid: `made-up-${i}` } });
    const tokens = await Promise.all(Array.from({ length: 50 }, (_, i) => token(i)));
    for (const answer of await Promise.all(tokens.map((each) => ask(service, each)))) expectRefused(answer);
    expect(issuer.requests).toEqual(['/keys']);
  });
});

describe('A request', () => {
  test.each([
    ['no Authorization', undefined],
    ['another scheme', 'Basic YWxpY2U6c2VjcmV0'],
    ['a scheme alone', 'Bearer'],
    ['a token alone', 'eyJhbGciOiJub25lIn0.e30.'],
    ['an empty Authorization', ''],
  ])('with %s gets a challenge for a bearer token, without an error', async (_, authorization) => {
    const service = await guarded();
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    const answer = await call(service.url, PATH, { headers });
    expect(answer).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="rollcall"' },
      json: { code: 'UNAUTHENTICATED' },
    });
    expect(issuer.requests).toEqual([]);
  });

  test.each(['Bearer  two-spaces', 'Bearer a b', 'Bearer a, Bearer b'])(
    'with "%s" is refused',
    async (value) => {
      const { status } = await call((await guarded()).url, PATH, { headers: { Authorization: value } });
      expect(status).toBe(401);
    },
  );

  test('with its token in the query or a cookie is refused', async () => {
    const service = await guarded();
    const token = await issuer.mint();
    expect((await call(service.url, `${PATH}?access_token=${token}`)).status).toBe(401);
    expect((await call(service.url, PATH, { headers: { Cookie: `access_token=${token}` } })).status).toBe(
      401,
    );
  });

  test('with two Authorization headers is malformed: nobody chooses between them', async () => {
    const service = await guarded();
    const token = await issuer.mint();
    const raw = await exchange(
      service.url,
      `GET ${PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nauthorization: Bearer x\r\n\r\n`,
    );
    expect(readRaw('GET', PATH, raw)).toMatchObject({ status: 400, json: { code: 'MALFORMED_REQUEST' } });
  });

  test.each(['/livez', '/readyz', '/openapi.yaml'])('for %s needs no token', async (path) => {
    expect((await call((await guarded()).url, path)).status).toBe(200);
  });

  test('that is a preflight needs no token', async () => {
    expect((await call((await guarded()).url, PATH, { method: 'OPTIONS' })).status).toBe(204);
  });
});

describe('The order of refusals', () => {
  test.each<[string, string, string, number]>([
    ['a body before the token', 'POST', PATH, 400],
    ['the token before the method', 'DELETE', PATH, 401],
    ['the token before the route', 'GET', '/nothing', 401],
    ['the token before parameters', 'GET', `${PATH}?maxResults=0`, 401],
    ['the token before a page token', 'GET', `${PATH}?nextToken=x`, 401],
  ])('has %s', async (_, method, path, status) => {
    const { url } = await guarded();
    const body = method === 'POST' ? { headers: { 'Content-Length': '1' }, body: 'x' } : {};
    expect((await call(url, path, { method, ...body })).status).toBe(status);
  });

  test.each<[string, string, string]>([
    ['the method before the collection', 'METHOD_NOT_ALLOWED', PATH],
    ['parameters before the collection', 'INVALID_PARAMETER', `${PATH}?maxResults=0`],
    ['the collection before the page token', 'FORBIDDEN', `${PATH}?nextToken=x`],
  ])('has %s', async (_, code, path) => {
    const { url } = await guarded();
    const headers = { Authorization: `Bearer ${await issuer.mint({ collections: [] })}` };
    const method = code === 'METHOD_NOT_ALLOWED' ? 'DELETE' : 'GET';
    expect((await call(url, path, { method, headers })).json).toMatchObject({ code });
  });
});

describe('The limit', () => {
  const limited = (script: Script = []) => guarded(script, { rateLimit: { max: 2, windowMs: 60_000 } });

  test('counts refused tokens by address: 429 once its bucket is empty, and good tokens by their subject', async () => {
    const service = await limited({ always: pageOf(['alice']) });
    for (const left of [1, 0]) {
      const answer = await ask(service, 'garbage');
      expectRefused(answer);
      expect(answer.headers['ratelimit']).toContain(`r=${left};`);
    }
    expect(await ask(service, 'garbage')).toMatchObject({ status: 429, json: { code: 'RATE_LIMITED' } });
    expect(await call(service.url, PATH)).toMatchObject({ status: 429 });
    const alice = await ask(service, await issuer.mint());
    expect(alice).toMatchObject({ status: 200 });
    expect(alice.headers['ratelimit']).toContain('r=1;');
  });

  test('is each subject’s own', async () => {
    const service = await limited({ always: pageOf(['alice']) });
    const [alice, bob] = [await issuer.mint(), await issuer.mint({ sub: 'bob' })];
    await ask(service, alice);
    await ask(service, alice);
    expect((await ask(service, alice)).status).toBe(429);
    expect((await ask(service, await issuer.mint({ jti: 'another' }))).status).toBe(429);
    expect((await ask(service, bob)).status).toBe(200);
  });

  test.each(['127.0.0.1', 'unknown', 'sub:127.0.0.1', ''])(
    'of an address is not spent by the subject "%s"',
    async (sub) => {
      const service = await limited({ always: pageOf(['alice']) });
      const token = await issuer.mint({ sub });
      for (let i = 0; i < 3; i += 1) await ask(service, token);
      expect((await ask(service, 'garbage')).status).toBe(sub === '' ? 429 : 401);
    },
  );
});

describe('While the key server is away', () => {
  test('a token whose key is not known is answered 503 with Retry-After, and nobody is let in', async () => {
    issuer.answer = (req) => req.socket.destroy();
    const service = await guarded();
    const answer = await ask(service, await issuer.mint());
    expect(answer).toMatchObject({ status: 503, json: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } });
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.headers).not.toHaveProperty('www-authenticate');
    expect(service.calls).toHaveLength(0);
  });

  test('a token whose key is known is accepted', async () => {
    const service = await guarded({ always: pageOf(['alice']) });
    await ask(service, await issuer.mint());
    issuer.answer = (req) => req.socket.destroy();
    expect((await ask(service, await issuer.mint({ sub: 'bob' }))).status).toBe(200);
  });
});

describe('A collection', () => {
  test('that the caller may not read is 403 whether it exists or not, is not asked for, and is logged', async () => {
    const service = await guarded();
    const token = await issuer.mint({ collections: ['other'] });
    const answers = [
      await ask(service, token),
      await ask(service, token, { path: '/collections/nope/users' }),
    ];
    for (const answer of answers) expect(answer).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } });
    expect(answers[0]?.json['detail']).toBe(answers[1]?.json['detail']);
    expect(service.calls).toHaveLength(0);
    await until(() => service.logs.length === 2);
    expect(service.logs[0]).toMatchObject({ code: 'FORBIDDEN', caller: 'sub:alice', collection: 'team' });
  });

  test('read by one caller is not given to another who may not read it, by no validator and no page token', async () => {
    const service = await guarded({ always: pageOf(['alice'], 'next') });
    const first = await ask(service, await issuer.mint());
    const other = await issuer.mint({ sub: 'bob', collections: ['tea', 'teams', 'Team'] });
    const etag = first.headers['etag'] ?? '';
    for (const validator of [etag, '*']) {
      expect((await ask(service, other, { headers: { 'If-None-Match': validator } })).status).toBe(403);
    }
    const next = `${PATH}?nextToken=${String(first.json['nextToken'])}`;
    expect((await ask(service, other, { path: next })).status).toBe(403);
    expect(service.calls).toHaveLength(1);
  });
});

describe('Who may read what', () => {
  const callers: Readonly<Record<string, unknown>> = {
    all: ['*'],
    team: ['team'],
    prefix: 'te* x',
    none: [],
    other: ['other'],
    broken: { team: true },
  };
  const mayRead: Readonly<Record<string, readonly string[]>> = {
    all: ['team', 'tent', 'other', 'Team'],
    team: ['team'],
    prefix: ['team', 'tent'],
    none: [],
    other: ['other'],
    broken: [],
  };
  const variants: Readonly<Record<string, (id: string) => string>> = {
    plain: (id) => `/collections/${id}/users`,
    escaped: (id) => `/collections/${id.replace('t', '%74')}/users`,
    'with a query': (id) => `/collections/${id}/users?maxResults=5`,
    'twice escaped': (id) => `/collections/%25${id}/users`,
    'with a slash at its end': (id) => `/collections/${id}/users/`,
    'with a slash too many': (id) => `/collections//${id}/users`,
    'with dots': (id) => `/collections/team/../${id}/users`,
    'with escaped dots': (id) => `/collections/team%2f..%2f${id}/users`,
    'in capitals': (id) => `/COLLECTIONS/${id}/users`,
    'with a parameter': (id) => `/collections/${id};x=1/users`,
    'with a null byte': (id) => `/collections/${id}%00/users`,
  };
  const ids = ['team', 'tent', 'other', 'Team'];
  const served = new Set(['plain', 'escaped', 'with a query']);

  const allowed = (caller: string, id: string, variant: string, method: string): number[] => {
    if (!served.has(variant)) return [400, 404, 405];
    if (method !== 'GET' && method !== 'HEAD') return [405];
    return mayRead[caller]?.includes(id) === true ? [200] : [403];
  };

  test.each(Object.keys(callers))('is held for %s on every collection, path and method', async (caller) => {
    const service = await guarded({ always: pageOf(['alice']) }, { rateLimit: { max: 0, windowMs: 1000 } });
    const headers = { Authorization: `Bearer ${await issuer.mint({ collections: callers[caller] })}` };
    const rows = ids.flatMap((id) =>
      Object.entries(variants).flatMap(([variant, path]) =>
        ['GET', 'HEAD', 'POST', 'DELETE'].map(async (method) => {
          const { status } = await call(service.url, path(id), { method, headers });
          return { id, variant, method, status, allowed: allowed(caller, id, variant, method) };
        }),
      ),
    );
    const answers = await Promise.all(rows);
    expect(answers.filter((row) => !row.allowed.includes(row.status))).toEqual([]);
    expect(mayRead[caller]).toEqual(
      expect.arrayContaining(service.calls.map(({ input }) => input['CollectionId'])),
    );
    expect(service.calls.length > 0).toBe(answers.some(({ status }) => status === 200));
  });
});

test('A page token opens nothing that its bearer may not read, though it is good', async () => {
  const secret = 'k'.repeat(32);
  const service = await guarded([], { cursorSecrets: [secret] });
  const pageToken = createPageTokens([secret]).seal('next', 'team');
  const token = await issuer.mint({ collections: ['other'] });
  const answer = await ask(service, token, { path: `${PATH}?nextToken=${pageToken}` });
  expect(answer).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } });
});
