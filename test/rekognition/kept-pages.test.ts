import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from '@jest/globals';

import { createKeptPages } from '../../src/rekognition/kept-pages.ts';
import type { Page } from '../../src/rekognition/page.ts';

const pageOf = (count: number): Page => ({
  users: Array.from({ length: count }, (_, i) => ({ userId: `user-${i}`, userStatus: 'ACTIVE' })),
  nextToken: undefined,
});

test('a page is there until it is too old, and then gone without being asked for', async () => {
  const kept = createKeptPages(30);
  const page = pageOf(1);
  kept.keep('a', page);
  expect(kept.get('a')).toBe(page);
  expect(kept.state()).toMatchObject({ pages: 1 });
  await sleep(60);
  expect(kept.state()).toEqual({ pages: 0, bytes: 0 });
  expect(kept.get('a')).toBeUndefined();
});

test('nothing is kept for no time', () => {
  const kept = createKeptPages(0);
  kept.keep('a', pageOf(1));
  expect(kept.get('a')).toBeUndefined();
  expect(kept.state()).toEqual({ pages: 0, bytes: 0 });
});

test('the pages kept are bounded in bytes: the longest unused goes first', () => {
  const kept = createKeptPages(60_000);
  for (let i = 0; i < 2000; i += 1) {
    kept.keep(`page ${i}`, pageOf(500));
    kept.get('page 0');
  }
  expect(kept.state().bytes).toBeLessThanOrEqual(64 * 1024 * 1024);
  expect(kept.get('page 0')).toBeDefined();
  expect(kept.get('page 1')).toBeUndefined();
  expect(kept.get('page 1999')).toBeDefined();
});

test('the pages kept are bounded in number', () => {
  const kept = createKeptPages(60_000);
  for (let i = 0; i < 6000; i += 1) kept.keep(`page ${i}`, pageOf(0));
  expect(kept.state().pages).toBe(5000);
});
