import { describe, expect, test } from '@jest/globals';
import { createAuthenticator } from '../../src/embedded/authenticate.ts';
import { sha256 } from '../../src/embedded/sigv4.ts';
import { amzDateOf, keys, signedHeaders } from './signed.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const minutes = 60_000;
const target = 'RekognitionService.ListUsers';
const body = '{"CollectionId":"mine"}';

function authenticate(headers: Record<string, string>, sent: string): string {
  const lists = Object.fromEntries(
    Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => [name, [value]]),
  );
  try {
    createAuthenticator({ ...keys, now: () => now })({
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

describe('A signature', () => {
  test('of the right key over the request as it came is accepted', () => {
    expect(authenticate(signed(), body)).toBe('accepted');
  });

  test('over more headers, the hash of the body among them, is accepted', () => {
    const headers = { 'x-amz-content-sha256': sha256(body), 'x-amz-security-token': 'any' };
    expect(authenticate(signed({ headers }), body)).toBe('accepted');
  });

  test.each([-15, 15])('%s minutes away from the clock is accepted', (away) => {
    expect(authenticate(signed({ amzDate: amzDateOf(now + away * minutes) }), body)).toBe('accepted');
  });

  test('is accepted again from one authenticator, in another scope too', () => {
    let at = now;
    const check = createAuthenticator({ ...keys, now: () => at });
    for (at of [now, now, now + 24 * 60 * minutes]) {
      const headers = Object.entries({ host: 'localhost', ...signed({ amzDate: amzDateOf(at) }) });
      const lists = Object.fromEntries(headers.map(([name, value]) => [name, [value]]));
      expect(() => {
        check({ method: 'POST', path: '/', headers: lists, body: Buffer.from(body) });
      }).not.toThrow();
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
  ])('%s is refused', (_, answer, headers) => {
    expect(authenticate(headers, body)).toBe(answer);
  });

  const mismatch = /^InvalidSignatureException: The request signature we calculated does not match/;
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
  ])('%s does not match', (_, headers, sent) => {
    expect(authenticate(headers, sent)).toMatch(mismatch);
  });
});

function flipLast(text: string): string {
  return text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');
}
