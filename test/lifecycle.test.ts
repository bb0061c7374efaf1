import { expect, test } from '@jest/globals';

import { createLifecycle } from '../src/lifecycle.ts';

test('a lifecycle goes from ready over not ready to draining', () => {
  const lifecycle = createLifecycle();
  const state = () => [lifecycle.ready, lifecycle.draining];
  expect(state()).toEqual([true, false]);
  lifecycle.stopAccepting();
  expect(state()).toEqual([false, false]);
  lifecycle.drain();
  expect(state()).toEqual([false, true]);
  lifecycle.stopAccepting();
  expect(state()).toEqual([false, true]);
});

test('draining means not ready', () => {
  const lifecycle = createLifecycle();
  lifecycle.drain();
  expect(lifecycle.ready).toBe(false);
});
