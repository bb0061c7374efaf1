import { expect, test } from '@jest/globals';

import { AppError } from '../../src/errors.ts';
import { createStreams, type Stream } from '../../src/http/streams.ts';

/** Places for streams whose time passes by hand. */
function streamsAt(max: number) {
  let time = 0;
  const streams = createStreams({ max, ending: new AbortController().signal, now: () => time });
  const open = (): Stream => streams.open({ onEnded: () => undefined });
  const serveThirty = (): void => {
    for (let count = 0; count < 30; count += 1) {
      const stream = open();
      stream.begin();
      time += 40_000;
      stream.close();
    }
  };
  return {
    open,
    /** Thirty streams one after another, each of 40 s. */
    serveThirty,
    pass: (ms: number) => {
      time += ms;
    },
    /** The seconds after which a refused stream may come back. */
    retryAfterS: (): number | undefined => {
      try {
        open();
      } catch (error) {
        return (error as AppError).retryAfterS;
      }
      throw new Error('a place was free');
    },
  };
}

test('a refused stream may come back when the next one is expected to end, by how long streams took', () => {
  const { open, serveThirty, pass, retryAfterS } = streamsAt(1);
  serveThirty();
  open();
  pass(10_000);
  expect(retryAfterS()).toBeCloseTo(30, 0);
});

test('streams that failed before their first page do not shorten what others are promised', () => {
  const { open, serveThirty, retryAfterS } = streamsAt(2);
  serveThirty();
  open();
  for (let count = 0; count < 30; count += 1) open().close();
  open();
  expect(retryAfterS()).toBeCloseTo(40, 0);
});
