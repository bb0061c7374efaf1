import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createPageTokens } from '../../src/embedded/page-token.ts';

const tokens = createPageTokens('secret');
const refusal = expect.objectContaining({
  name: 'InvalidPaginationTokenException',
  message: 'Invalid Token',
});

describe('A page token', () => {
  test('opens to the position it was sealed with, whatever the listing is called', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ maxLength: 64 }), (listing, key) => {
        expect(tokens.open(listing, tokens.seal(listing, key))).toBe(key);
      }),
    );
  });

  test('of a user stays within 255 characters and ends in padding', () => {
    const token = tokens.seal('users of mine', 'f'.repeat(32));
    expect(token.length).toBeLessThanOrEqual(255);
    expect(token).toMatch(/[^=]==$/);
  });

  test('of one position is another one each time, so that nothing can be read from it', () => {
    expect(tokens.seal('a', 'key')).not.toBe(tokens.seal('a', 'key'));
  });

  test('opens with an equal secret and with no other', () => {
    const token = tokens.seal('a', 'key');
    expect(createPageTokens('secret').open('a', token)).toBe('key');
    expect(() => createPageTokens('other').open('a', token)).toThrow(refusal);
  });

  test('of another listing is refused', () => {
    expect(() => tokens.open('b', tokens.seal('a', 'key'))).toThrow(refusal);
  });

  test('with any one character changed is refused', () => {
    const token = tokens.seal('a', 'key');
    for (let at = 0; at < token.length; at++) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      expect(() => tokens.open('a', changed)).toThrow(refusal);
    }
  });

  test('written in another way than it was given is refused', () => {
    const token = tokens.seal('a', 'key');
    for (const variant of [` ${token}`, token.replace('=', ''), `${token}!`, token.toLowerCase()]) {
      expect(() => tokens.open('a', variant)).toThrow(refusal);
    }
  });

  test('that never was one is refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
        expect(() => tokens.open('a', text)).toThrow(refusal);
      }),
    );
  });
});
