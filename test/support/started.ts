import { afterAll, beforeAll } from '@jest/globals';

/** What this starts before the first test, and stops after the last, also where something else did not start. */
export function started<T extends { stop(): void | Promise<void> }>(start: () => T | Promise<T>): () => T {
  let running: T | undefined;
  beforeAll(async () => {
    running = await start();
  }, 120_000);
  afterAll(() => running?.stop());
  return () => {
    if (running === undefined) throw new Error('it has not started');
    return running;
  };
}
