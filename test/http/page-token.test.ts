import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { AppError } from '../../src/errors.ts';
import { createPageTokens } from '../../src/http/page-token.ts';

const KEY = 'k'.repeat(32);
const OTHER_KEY = 'o'.repeat(32);
const tokens = createPageTokens([KEY]);

/** What names a listing: any text without NUL. */
const scopes = fc.string({ unit: 'grapheme', maxLength: 300 }).filter((scope) => !scope.includes('\0'));
/** Any UTF-16, lone surrogates included. */
const utf16 = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength: 255 })
  .map((units) => String.fromCharCode(...units));
const upstreamTokens = fc.oneof(utf16, fc.string({ minLength: 1, maxLength: 255, unit: 'binary-ascii' }));

function expectRefused(token: string, scope: string, opener = tokens): void {
  let thrown: unknown;
  try {
    opener.open(token, scope);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(AppError);
  expect((thrown as AppError).code).toBe('INVALID_PAGE_TOKEN');
}

test('any token of Rekognition survives, in at most 1,024 URL-safe characters', () => {
  fc.assert(
    fc.property(upstreamTokens, scopes, (upstream, scope) => {
      const token = tokens.seal(upstream, scope);
      expect(token).toMatch(/^[A-Za-z0-9_-]{1,1024}$/);
      expect(tokens.open(token, scope)).toBe(upstream);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['a lone high surrogate', '\ud800'],
  ['a lone low surrogate', '\udc00x'],
  ['a NUL', '\0'],
  ['the last of Latin-1', 'ÿ'],
  ['the first beyond Latin-1', 'Ā'],
])('%s survives', (_, upstream) => {
  expect(tokens.open(tokens.seal(upstream, 'team'), 'team')).toBe(upstream);
});

test('the longest token has 703 characters', () => {
  expect(tokens.seal('\uffff'.repeat(255), 'team')).toHaveLength(703);
});

test('a token with any one bit flipped is refused', () => {
  fc.assert(
    fc.property(upstreamTokens, fc.nat(), (upstream, place) => {
      const record = Buffer.from(tokens.seal(upstream, 'team'), 'base64url');
      const bit = place % (record.length * 8);
      record.writeUInt8(record.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expectRefused(record.toString('base64url'), 'team');
    }),
  );
});

test('each bit of a short token counts', () => {
  const whole = Buffer.from(tokens.seal('next', 'team'), 'base64url');
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    const record = Buffer.from(whole);
    record.writeUInt8(record.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expectRefused(record.toString('base64url'), 'team');
  }
  expect(tokens.open(whole.toString('base64url'), 'team')).toBe('next');
});

test('a token of another listing is refused', () => {
  fc.assert(
    fc.property(upstreamTokens, scopes, scopes, (upstream, scope, other) => {
      fc.pre(scope !== other);
      expectRefused(tokens.seal(upstream, scope), other);
    }),
  );
});

test('a token under another key is refused', () => {
  expectRefused(createPageTokens([OTHER_KEY]).seal('next', 'team'), 'team');
});

test('every part of a token is refused', () => {
  const token = tokens.seal('next', 'team');
  for (let length = 0; length < token.length; length += 1) expectRefused(token.slice(0, length), 'team');
});

test.each([
  ['padding', (token: string) => `${token}=`],
  ['a space in front', (token: string) => ` ${token}`],
  ['a newline at the end', (token: string) => `${token}\n`],
  ['a foreign character inside', (token: string) => `${token.slice(0, 5)}!${token.slice(5)}`],
  ['one more character', (token: string) => `${token}A`],
])('the same token with %s is refused', (_, change) => {
  expectRefused(change(tokens.seal('next', 'team')), 'team');
});

test('the spelling of plain base64 is refused', () => {
  const sealed = Array.from({ length: 50 }, (_, count) => tokens.seal(`next ${count}`, 'team'));
  const other = sealed.map((token) => token.replaceAll('-', '+').replaceAll('_', '/'));
  const changed = other.filter((token, index) => token !== sealed[index]);
  expect(changed.length).toBeGreaterThan(0);
  for (const token of changed) expectRefused(token, 'team');
});

test('spare bits of the last character must be zero', () => {
  // 1 + 16 + 3 bytes are 26 full characters and one of four bits: its two spare bits are zero.
  const token = tokens.seal('abc', 'team');
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet[alphabet.indexOf(token.slice(-1)) + 1] ?? '';
  const twin = token.slice(0, -1) + last;
  expect(Buffer.from(twin, 'base64url')).toEqual(Buffer.from(token, 'base64url'));
  expectRefused(twin, 'team');
});

test.each([
  ['nothing', ''],
  ["Rekognition's own token", 'AAAAAg7Kp+x3vN2a0WqkJ1rS5cXyZ8h/4b=='],
  ['words', 'next'],
  ['a record without a text', Buffer.alloc(17, 1).toString('base64url')],
  ['a version that is not there yet', Buffer.alloc(40, 3).toString('base64url')],
  ['more than 1,024 characters', 'A'.repeat(1028)],
])('%s is refused', (_, token) => {
  expectRefused(token, 'team');
});

test('no text whatever is taken for a token', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
      expectRefused(text, 'team');
    }),
  );
});

test('after a rotation the new key seals, and the old one still opens', () => {
  const rotated = createPageTokens([OTHER_KEY, KEY]);
  expect(rotated.open(tokens.seal('next', 'team'), 'team')).toBe('next');
  const fresh = rotated.seal('next', 'team');
  expect(createPageTokens([OTHER_KEY]).open(fresh, 'team')).toBe('next');
  expectRefused(fresh, 'team');
});

test('an empty token is refused with the advice to leave it out', () => {
  expect(() => tokens.open('', 'team')).toThrow('nextToken is empty. The first page has none: leave it out.');
  expect(() => tokens.open('x', 'team')).toThrow('nextToken is not a page token of this listing.');
});
