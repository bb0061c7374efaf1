import { describe, expect, test } from '@jest/globals';
import { createAuthenticator } from '../../src/embedded/authenticate.ts';
import { amzDateOf, keys, sha256, signedHeaders } from './signed.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const minutes = 60_000;
const target = 'RekognitionService.ListUsers';
const body = '{"CollectionId":"mine"}';

async function authenticate(headers: Record<string, string | string[]>, sent: string): Promise<string> {
  const lists = Object.fromEntries(
    Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => [name, [value].flat()]),
  );
  try {
    await createAuthenticator({ ...keys, now: () => now })({
      method: 'POST',
      path: '/',
      headers: lists,
      body: Buffer.from(sent),
    });
    return 'accepted';
  } catch (error) {
    return String(error);
  }
}

const signed = (options: Parameters<typeof signedHeaders>[2] = {}) =>
  signedHeaders(target, body, { amzDate: amzDateOf(now), ...options });

const mismatch = /^InvalidSignatureException: The request signature we calculated does not match/;

describe('A signature', () => {
  test('of the right key over the request as it came is accepted', async () => {
    expect(await authenticate(signed(), body)).toBe('accepted');
  });

  test('over more headers, the hash of the body among them, is accepted', async () => {
    const headers = { 'x-amz-content-sha256': sha256(body), 'x-amz-security-token': 'any' };
    expect(await authenticate(signed({ headers }), body)).toBe('accepted');
  });

  test.each(['user-agent', 'x-amzn-trace-id', 'connection', '__proto__', 'constructor'])(
    'over the header %s, which the SDK itself never signs, is accepted',
    async (name) => {
      const headers = Object.fromEntries([[name, 'any  value']]);
      expect(await authenticate(signed({ headers: Object.fromEntries([[name, 'any value']]) }), body)).toBe(
        'accepted',
      );
      expect(
        await authenticate(
          { ...signed({ headers: Object.fromEntries([[name, 'any value']]) }), ...headers },
          body,
        ),
      ).toBe('accepted');
    },
  );

  test.each(['constructor', '__proto__', 'toString'])(
    'over the header %s, which was not sent, is over the others',
    async (name) => {
      const headers = signed();
      const authorization = headers['authorization'] ?? '';
      const more = authorization.replace('SignedHeaders=', `SignedHeaders=${name};`);
      expect(await authenticate({ ...headers, authorization: more }, body)).toBe('accepted');
    },
  );

  test('over a header that comes twice is over both values', async () => {
    const headers = signed({ headers: { 'my-header': 'one,two' } });
    expect(await authenticate({ ...headers, 'my-header': ['one', 'two'] }, body)).toBe('accepted');
    expect(await authenticate({ ...headers, 'my-header': ['one', 'three'] }, body)).toMatch(mismatch);
  });

  test('without spaces between its parts is accepted', async () => {
    const headers = signed();
    const authorization = headers['authorization']?.replaceAll(', ', ',') ?? '';
    expect(await authenticate({ ...headers, authorization }, body)).toBe('accepted');
  });

  const whole = signed()['authorization'] ?? '';
  test.each([
    whole.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'),
    whole.replace(/, Signature.*/, ''),
    whole.replace(/SignedHeaders=\S+ /, ''),
    whole.replace(/Credential=\S+ /, ''),
    whole.replace('/aws4_request', ''),
    whole.replace(/\/\d{8}\//, '/today/'),
    whole.replace(keys.accessKeyId, ''),
  ])('in the header %j is incomplete', async (authorization) => {
    expect(await authenticate({ ...signed(), authorization }, body)).toMatch(
      /^IncompleteSignatureException: /,
    );
  });

  test.each([-15, 15])('%s minutes away from the clock is accepted', async (away) => {
    expect(await authenticate(signed({ amzDate: amzDateOf(now + away * minutes) }), body)).toBe('accepted');
  });

  test('is accepted again from one authenticator, in another scope too', async () => {
    let at = now;
    const check = createAuthenticator({ ...keys, now: () => at });
    for (at of [now, now, now + 24 * 60 * minutes]) {
      const headers = Object.entries({ host: 'localhost', ...signed({ amzDate: amzDateOf(at) }) });
      const lists = Object.fromEntries(headers.map(([name, value]) => [name, [value]]));
      const request = { method: 'POST', path: '/', headers: lists, body: Buffer.from(body) };
      await expect(check(request)).resolves.toBeUndefined();
    }
  });

  const day = amzDateOf(now);
  test.each<[string, string, Record<string, string>]>([
    ['that is missing', 'MissingAuthenticationTokenException: Missing Authentication Token', {}],
    [
      'in another scheme',
      "IncompleteSignatureException: Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.",
      { authorization: 'Bearer abc' },
    ],
    [
      'of an unknown access key',
      'UnrecognizedClientException: The security token included in the request is invalid.',
      signed({ accessKeyId: 'AKIAUNKNOWN' }),
    ],
    [
      'for another service',
      "InvalidSignatureException: Credential should be scoped to correct service: 'rekognition'. ",
      signed({ service: 's3' }),
    ],
    [
      'without a date',
      "IncompleteSignatureException: Authorization header requires existence of an 'X-Amz-Date' header.",
      { authorization: signed()['authorization'] ?? '' },
    ],
    [
      'with another date in its scope',
      'InvalidSignatureException: Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date ' +
        `from HTTP: '20260228' != '20260301', from '${day}'.`,
      signed({ scopeDate: '20260228' }),
    ],
    [
      'without the host',
      "InvalidSignatureException: 'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
      signed({ signedHeaders: ['x-amz-date'] }),
    ],
    [
      'that is more than 15 minutes old',
      'InvalidSignatureException: Signature expired: 20260301T114459Z is now earlier than 20260301T114500Z ' +
        '(20260301T120000Z - 15 min.)',
      signed({ amzDate: amzDateOf(now - 15 * minutes - 1_000) }),
    ],
    [
      'that is more than 15 minutes early',
      'InvalidSignatureException: Signature not yet current: 20260301T121501Z is still later than 20260301T121500Z ' +
        '(20260301T120000Z + 15 min.)',
      signed({ amzDate: amzDateOf(now + 15 * minutes + 1_000) }),
    ],
    [
      'of a day that does not exist',
      'InvalidSignatureException: Signature expired: 20269901T120000Z is now earlier than 20260301T114500Z ' +
        '(20260301T120000Z - 15 min.)',
      signed({ amzDate: '20269901T120000Z' }),
    ],
    [
      'with the hash of another body',
      "InvalidSignatureException: The provided 'x-amz-content-sha256' header does not match what was computed.",
      signed({ headers: { 'x-amz-content-sha256': sha256('other') } }),
    ],
  ])('%s is refused', async (_, answer, headers) => {
    expect(await authenticate(headers, body)).toBe(answer);
  });

  test.each<[string, Record<string, string>, string]>([
    ['of the wrong secret key', signed({ secretAccessKey: 'wrong' }), body],
    ['over another body', signed(), '{"CollectionId":"yours"}'],
    ['over another operation', { ...signed(), 'x-amz-target': 'RekognitionService.DeleteUser' }, body],
    [
      'that is too short',
      { ...signed(), authorization: signed()['authorization']?.slice(0, -1) ?? '' },
      body,
    ],
    [
      'with one digit changed',
      { ...signed(), authorization: flipLast(signed()['authorization'] ?? '') },
      body,
    ],
  ])('%s does not match', async (_, headers, sent) => {
    expect(await authenticate(headers, sent)).toMatch(mismatch);
  });
});

function flipLast(text: string): string {
  return text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');
}
