import { gzipSync } from 'node:zlib';

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';

import { keyFetcher } from '../../src/auth/fetch-keys.ts';
import { createIssuerKeys, KeysUnavailable } from '../../src/auth/issuer-keys.ts';
import { signingKey, startIssuer, type Issuer } from '../support/issuer.ts';
import { until } from '../support/service.ts';

let issuer: Issuer;
let time: number;
let warnings: unknown[];
let released: AbortController;

beforeEach(async () => {
  issuer = await startIssuer();
  time = 1_700_000_000_000;
  warnings = [];
  released = new AbortController();
});

afterEach(async () => {
  jest.restoreAllMocks();
  released.abort();
  await issuer.stop();
});

/** Keys over the wire; `find` asks for the key of a token that names `kid`. */
function keys(rules: Partial<Issuer['rules']> = {}) {
  const issuerKeys = createIssuerKeys({
    fetchKeys: keyFetcher({ ...issuer.rules, ...rules }, released.signal),
    logger: { warn: (line: unknown) => warnings.push(line) } as never,
    now: () => time,
  });
  const find = async (kid: string) => issuerKeys.find({ alg: 'ES256', kid }, { payload: '', signature: '' });
  return { find };
}

const withJwksUri = () => ({ jwksUri: `${issuer.url}/keys` });

describe('The keys of an issuer', () => {
  test('are found by its discovery document, and fetched once for many', async () => {
    const { find } = keys();
    await Promise.all(Array.from({ length: 50 }, () => find('key-1')));
    await find('key-1');
    expect(issuer.requests).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  test('are fetched from AUTH_JWKS_URI without a look at the discovery document', async () => {
    await keys(withJwksUri()).find('key-1');
    expect(issuer.requests).toEqual(['/keys']);
  });

  test.each(['/', ''])('are found where AUTH_ISSUER ends in "%s"', async (end) => {
    issuer.answer = (req, res) => {
      const document = { issuer: `${issuer.url}${end}`, jwks_uri: `${issuer.url}/keys` };
      res.end(JSON.stringify(req.url === '/keys' ? { keys: issuer.shown } : document));
    };
    await keys({ issuer: `${issuer.url}${end}` }).find('key-1');
    expect(issuer.requests[0]).toBe('/.well-known/openid-configuration');
  });

  test('that nobody knows cost one fetch in 30 s, however many are asked for', async () => {
    const { find } = keys(withJwksUri());
    await find('key-1');
    for (let i = 0; i < 100; i += 1) await expect(find(`made-up-${i}`)).rejects.toThrow('no applicable key');
    expect(issuer.requests).toHaveLength(1);
    time += 30_000;
    const many = Array.from({ length: 100 }, (_, i) => find(`made-up-${i}`));
    await expect(Promise.all(many)).rejects.toThrow('no applicable key');
    expect(issuer.requests).toHaveLength(2);
  });

  test('may be new: one that is unknown is looked for', async () => {
    const { find } = keys(withJwksUri());
    await find('key-1');
    issuer.shown.push((await signingKey('ES256', 'key-2')).publicJwk);
    time += 30_000;
    await expect(find('key-2')).resolves.toBeDefined();
  });

  test('that were withdrawn are refused after ten minutes', async () => {
    const { find } = keys(withJwksUri());
    await find('key-1');
    issuer.shown[0] = (await signingKey('ES256', 'key-2')).publicJwk;
    time += 599_000;
    await expect(find('key-1')).resolves.toBeDefined();
    time += 1000;
    await expect(find('key-1')).rejects.toThrow('no applicable key');
  });

  test('stay good while the key server is away, for as long as it takes', async () => {
    const { find } = keys();
    await find('key-1');
    issuer.answer = (req) => req.socket.destroy();
    for (let hours = 1; hours <= 5; hours += 1) {
      time += 3_600_000;
      await expect(find('key-1')).resolves.toBeDefined();
      await until(() => warnings.length === hours);
    }
    await expect(find('key-2')).rejects.toThrow(KeysUnavailable);
  });

  test('are UPSTREAM_UNAVAILABLE while none is known, with the time until the next fetch', async () => {
    issuer.answer = (_req, res) => res.writeHead(500).end();
    const { find } = keys(withJwksUri());
    await expect(find('key-1')).rejects.toMatchObject({ name: 'KeysUnavailable', retryAfterS: 1 });
    time += 500;
    await expect(find('key-1')).rejects.toMatchObject({ retryAfterS: 0.5 });
    expect(issuer.requests).toHaveLength(1);
    issuer.answer = undefined;
    time += 500;
    await expect(find('key-1')).resolves.toBeDefined();
  });

  test.each([[], ['key-1']])(
    'are good within 2 s of a connection that the key server dropped (known by then: %s)',
    async (...known) => {
      const { find } = keys();
      for (const kid of known) await find(kid);
      issuer.shown.push((await signingKey('ES256', 'key-2')).publicJwk);
      issuer.answer = (req) => req.socket.resetAndDestroy();
      time += 30_000;
      await expect(find('key-2')).rejects.toThrow(KeysUnavailable);
      issuer.answer = undefined;
      time += 1999;
      await expect(find('key-2')).resolves.toBeDefined();
      expect(warnings).toHaveLength(1);
    },
  );

  test('are waited for once while the key server hangs: known ones are good at once from then on', async () => {
    const { find } = keys(withJwksUri());
    await find('key-1');
    time += 600_000;
    issuer.answer = (req) => req.socket.destroy();
    await find('key-1');
    const hangs = new Promise<void>((resolve) => {
      issuer.answer = () => {
        resolve();
      };
    });
    time += 1000;
    await expect(find('key-1')).resolves.toBeDefined();
    await hangs;
    await expect(find('key-1')).resolves.toBeDefined();
    expect(warnings).toHaveLength(1);
  });

  test('age by a clock that nobody sets: a wall clock that is set back keeps no withdrawn key', async () => {
    const { find } = keys(withJwksUri());
    await find('key-1');
    issuer.shown[0] = (await signingKey('ES256', 'key-2')).publicJwk;
    const wallClock = Date.now() - 3_600_000;
    jest.spyOn(Date, 'now').mockImplementation(() => wallClock);
    time += 30_000;
    await expect(find('key-2')).resolves.toBeDefined();
    time += 600_000;
    await expect(find('key-1')).rejects.toThrow('no applicable key');
  });

  test('may move: the discovery document is read anew once their old place fails', async () => {
    const { find } = keys();
    await find('key-1');
    issuer.answer = (req, res) => {
      if (req.url === '/keys') res.writeHead(404).end();
      else if (req.url === '/moved') res.end(JSON.stringify({ keys: issuer.shown }));
      else res.end(JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/moved` }));
    };
    time += 600_000;
    await find('key-1');
    time += 30_000;
    await find('key-1');
    await until(() => issuer.requests.length === 5);
    expect(issuer.requests.slice(2)).toEqual(['/keys', '/.well-known/openid-configuration', '/moved']);
  });
});

describe('A key server', () => {
  test.each<[string, NonNullable<Issuer['answer']>]>([
    ['answers 500', (_req, res) => res.writeHead(500).end('{}')],
    ['answers with HTML', (_req, res) => res.end('<html>')],
    ['answers with something that is no key set', (_req, res) => res.end('{"keys":"none"}')],
    ['answers with null', (_req, res) => res.end('null')],
    [
      'answers with an endless document',
      (_req, res) => {
        endless(res);
      },
    ],
    [
      'cuts its answer',
      (_req, res) => res.writeHead(200, { 'Content-Length': 99 }).write('{', () => res.destroy()),
    ],
    ['resets', (req) => req.socket.resetAndDestroy()],
  ])('that %s is no key server', async (_, answer) => {
    issuer.answer = answer;
    await expect(keys(withJwksUri()).find('key-1')).rejects.toThrow(KeysUnavailable);
    await expect(keys().find('key-1')).rejects.toThrow(KeysUnavailable);
    expect(warnings).toHaveLength(2);
  });

  test.each<[string, (key: object) => unknown[]]>([
    ['entries that are no keys', (key) => [null, 'key', [], 7, key]],
    ['keys that are not whole', (key) => [{ kty: 'EC' }, {}, key]],
    ['a key for encryption of the same name', (key) => [{ ...key, use: 'enc' }, key]],
    ['all operations of the key pair', (key) => [{ ...key, key_ops: ['sign', 'verify'] }]],
  ])('that shows %s is a key server', async (_, shown) => {
    issuer.answer = (_req, res) => res.end(JSON.stringify({ keys: shown(issuer.key.publicJwk) }));
    await expect(keys(withJwksUri()).find('key-1')).resolves.toMatchObject({ type: 'public' });
  });

  test('that compresses its answers unasked is a key server', async () => {
    issuer.answer = (_req, res) =>
      res.setHeader('Content-Encoding', 'gzip').end(gzipSync(JSON.stringify({ keys: issuer.shown })));
    await expect(keys(withJwksUri()).find('key-1')).resolves.toMatchObject({ type: 'public' });
  });

  test('that compresses a document of megabytes is no key server', async () => {
    const document = JSON.stringify({ keys: issuer.shown, padding: ' '.repeat(10_000_000) });
    issuer.answer = (_req, res) => res.setHeader('Content-Encoding', 'gzip').end(gzipSync(document));
    await expect(keys(withJwksUri()).find('key-1')).rejects.toThrow(KeysUnavailable);
  });

  test('that redirects is not followed', async () => {
    issuer.answer = (_req, res) => res.writeHead(302, { Location: `${issuer.url}/elsewhere` }).end();
    await expect(keys(withJwksUri()).find('key-1')).rejects.toThrow(KeysUnavailable);
    expect(issuer.requests).toEqual(['/keys']);
  });

  test.each<[string, (url: string) => unknown]>([
    ['is of another issuer', (url) => ({ issuer: 'https://evil.example', jwks_uri: `${url}/keys` })],
    ['names no keys', (url) => ({ issuer: url })],
    [
      'names keys over plain HTTP elsewhere',
      (url) => ({ issuer: url, jwks_uri: 'http://keys.example/keys' }),
    ],
    ['names a file', (url) => ({ issuer: url, jwks_uri: 'file:///etc/passwd' })],
    ['names keys with a password', (url) => ({ issuer: url, jwks_uri: 'https://a:b@keys.example/keys' })],
    ['is null', () => null],
  ])('whose discovery document %s is not believed', async (_, document) => {
    issuer.answer = (_req, res) => res.end(JSON.stringify(document(issuer.url)));
    await expect(keys().find('key-1')).rejects.toThrow(KeysUnavailable);
    expect(issuer.requests).toEqual(['/.well-known/openid-configuration']);
  });

  test.each<[string, NonNullable<Issuer['answer']>]>([
    ['never answers', () => undefined],
    [
      'drips',
      (_req, res) => {
        drip(res);
      },
    ],
  ])('that %s is given up, and blocks nobody for ever', async (_, answer) => {
    issuer.answer = answer;
    await expect(keys(withJwksUri()).find('key-1')).rejects.toThrow(KeysUnavailable);
  });

  test('is left at once when the service ends', async () => {
    issuer.answer = () => {
      released.abort();
    };
    await expect(keys(withJwksUri()).find('key-1')).rejects.toThrow(KeysUnavailable);
  });
});

type Out = Parameters<NonNullable<Issuer['answer']>>[1];

function endless(res: Out): void {
  const more = (): void => {
    while (!res.destroyed && res.write('x'.repeat(65_536)));
  };
  res.on('drain', more);
  more();
}

function drip(res: Out): void {
  const timer = setInterval(() => res.write(' '), 100);
  res.once('close', () => {
    clearInterval(timer);
  });
}
