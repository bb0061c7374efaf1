import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { acceptsJson } from '../../src/http/respond.ts';

describe('JSON is accepted by', () => {
  test.each([
    [undefined],
    [''],
    [' , '],
    ['*/*'],
    ['*'],
    ['*;q=0.1'],
    ['text/html, *; q=.2'],
    ['application/*'],
    ['application/json'],
    ['Application/JSON'],
    ['application/json; charset=utf-8'],
    ['application/json;version=1'],
    ['application/json ; version=1 ; q=0.5'],
    ['application/json;q=0.001'],
    ['application/json; q=1.000; ext=1'],
    ['application/json;q=nonsense'],
    ['application/json;q='],
    ['application/json;quality=0'],
    ['application/json;profile="a,b;q=0"'],
    ['application/json;profile="a\\",b;q=0"'],
    ['application/json;profile="never closed;q=0'],
    ['text/html;level="application/x, y";q=0, application/json'],
    ['text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8'],
    ['application/json, text/plain, */*'],
    ['application/problem+json, application/json;odata=verbose'],
    ['*/*;q=0, application/json'],
    ['application/*;q=0, application/json'],
    ['application/json;version=2;q=0, application/json;version=1'],
    [`${'text/plain, '.repeat(1000)}*/*`],
  ])('Accept: %s', (accept) => {
    expect(acceptsJson(accept)).toBe(true);
  });
});

describe('JSON is refused by', () => {
  test.each([
    ['text/html'],
    ['text/*'],
    ['application/x-ndjson'],
    ['application/problem+json'],
    ['application/json;q=0'],
    ['application/json;q=0.000'],
    ['application/json; Q = 0'],
    ['application/json;q=0;version=1'],
    ['application/json;version=1;q=0'],
    ['application/json;q=0, */*'],
    ['application/*, application/json; charset=utf-8; q=0'],
    ['application/*;q=0, */*'],
    ['*/*;q=0'],
    ['*;q=0'],
    ['json'],
    ['application/jsonp'],
    ['text/plain;format="application/json, */*"'],
    ['text/plain;format="\\", application/json'],
  ])('Accept: %s', (accept) => {
    expect(acceptsJson(accept)).toBe(false);
  });
});

test('parameters other than q change nothing, whatever they hold', () => {
  const token = fc.stringMatching(/^[a-pr-z][a-z0-9-]{0,8}$/);
  const quoted = fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).map((text) => JSON.stringify(text));
  const parameter = fc.tuple(token, fc.oneof(token, quoted)).map(([name, value]) => `;${name}=${value}`);
  const range = fc.constantFrom('application/json', 'application/*', '*/*', '*', 'text/html');
  const weight = fc.constantFrom('', ';q=0', ';q=0.5', ';q=1');
  const ranges = fc.array(fc.tuple(range, fc.array(parameter), weight, fc.array(parameter)), {
    minLength: 1,
  });
  fc.assert(
    fc.property(ranges, (parts) => {
      const bare = parts.map(([name, , q]) => `${name}${q}`).join(', ');
      const full = parts.map(([name, a, q, b]) => [name, ...a, q, ...b].join('')).join(', ');
      expect(acceptsJson(full)).toBe(acceptsJson(bare));
    }),
  );
});

test('no header whatever throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (accept) => {
      expect(typeof acceptsJson(accept)).toBe('boolean');
    }),
  );
});
