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

test('the end of streams is a signal, whose reason tells their readers to come back', () => {
  const lifecycle = createLifecycle();
  lifecycle.drain();
  expect(lifecycle.ending.aborted).toBe(false);
  lifecycle.endStreams();
  expect(lifecycle.ending.reason).toMatchObject({ code: 'SHUTTING_DOWN', retryAfterS: 1 });
});

test('draining means not ready', () => {
  const lifecycle = createLifecycle();
  lifecycle.drain();
  expect(lifecycle.ready).toBe(false);
});
