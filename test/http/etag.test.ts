import { expect, test } from '@jest/globals';
import type { Request } from 'express';

import { cachedReply, etagOf, matches, renderJson } from '../../src/http/respond.ts';
import { resultAt } from '../support/operation.ts';

const etag = etagOf('users');
const opaque = etag.slice(2);

test('a tag is weak, short and always the same for the same text', () => {
  expect(etag).toMatch(/^W\/"[A-Za-z0-9_-]{27}"$/);
  expect(etagOf('users')).toBe(etag);
  expect(etagOf('users ')).not.toBe(etag);
});

test.each([
  ['the tag itself', etag],
  ['the tag as a strong one', opaque],
  ['a list that holds it', `"a", W/"b,c" ,${etag}`],
  ['anything', '*'],
  ['anything, with spaces', ' * '],
])('If-None-Match with %s matches', (_, header) => {
  expect(matches(header, etag)).toBe(true);
});

test.each([
  ['no header', undefined],
  ['an empty one', ''],
  ['another tag', etagOf('other')],
  ['the tag without its quotes', opaque.slice(1, -1)],
  ['a star in quotes', '"*"'],
  ['a part of the tag', `"${opaque.slice(1, 10)}"`],
])('with %s there is no match', (_, header) => {
  expect(matches(header, etag)).toBe(false);
});

test('a result is rendered once by a route, and another route over the same result has its own bytes', () => {
  const req = { get: () => undefined } as unknown as Request;
  const result = resultAt();
  let rendered = 0;
  const ask = (route: object, text: string): string =>
    String(
      cachedReply(req, result, route, () => {
        rendered += 1;
        return renderJson(text);
      }).body,
    );
  const [one, other] = [{}, {}];
  expect([ask(one, 'a'), ask(one, 'a')]).toEqual(['a', 'a']);
  expect(rendered).toBe(1);
  expect(ask(other, 'b')).toBe('b');
});
