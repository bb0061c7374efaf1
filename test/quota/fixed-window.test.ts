import { describe, expect, test } from '@jest/globals';

import { createFixedWindow } from '../../src/quota/fixed-window.ts';

function windows() {
  let at = 7000;
  const window = createFixedWindow({ windowMs: 1000, now: () => at });
  return { hit: (key: string) => window.hit(key), wait: (ms: number) => (at += ms) };
}

describe('A fixed window', () => {
  test('counts each key apart, and says how long its window still is', () => {
    const { hit, wait } = windows();
    expect(hit('a')).toEqual({ count: 1, remainingMs: 1000 });
    wait(400);
    expect(hit('a')).toEqual({ count: 2, remainingMs: 600 });
    expect(hit('b')).toEqual({ count: 1, remainingMs: 1000 });
  });

  test('ends its length after its first hit, and not before', () => {
    const { hit, wait } = windows();
    hit('a');
    wait(400);
    hit('b');
    wait(599);
    expect(hit('a')).toEqual({ count: 2, remainingMs: 1 });
    wait(1);
    expect(hit('a')).toEqual({ count: 1, remainingMs: 1000 });
    expect(hit('b')).toEqual({ count: 2, remainingMs: 400 });
  });

  test('that is over is forgotten, whatever was counted behind it', () => {
    const { hit, wait } = windows();
    hit('a');
    wait(999);
    hit('b');
    wait(1);
    expect([hit('c').count, hit('b').count, hit('a').count]).toEqual([1, 2, 1]);
  });
});
