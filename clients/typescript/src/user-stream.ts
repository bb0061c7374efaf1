import { failure, isProblem, isRollcallError, problemFailure } from './failure.ts';
import type { Patience } from './patience.ts';
import type { User } from './users.ts';

/**
 * Every user of a collection, each once. After a failure, or after a loop over it was left, a new loop goes on where the
 * last one stopped; after its end there is nothing more.
 */
export type UserStream = AsyncIterable<User>;

/** A response that has begun. */
export interface OpenStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly patience: Patience;
}

interface StreamDeps {
  /** Where to begin; undefined for the first user. */
  readonly nextToken: string | undefined;
  readonly open: (nextToken: string | undefined) => Promise<OpenStream>;
  /** Waits before another attempt, or throws. */
  readonly pause: (error: unknown, failures: number) => Promise<void>;
}

/** Reads the stream, and resumes it where that may help. */
export function createUserStream({ nextToken, open, pause }: StreamDeps): UserStream {
  let resumeFrom = nextToken;
  let complete = false;
  // Users since `resumeFrom`: a connection that breaks without a word says no better place to go on from.
  const seen = new Set<string>();

  async function* attempt(): AsyncGenerator<User, void, undefined> {
    for await (const line of linesOf(await open(resumeFrom))) {
      const value = parse(line);
      if (isProblem(value)) {
        const error = problemFailure(value);
        if (error.nextToken !== undefined) {
          resumeFrom = error.nextToken;
          seen.clear();
        }
        throw error;
      }
      const user = value as User;
      if (seen.has(user.userId)) continue;
      seen.add(user.userId);
      yield user;
    }
  }

  return {
    async *[Symbol.asyncIterator]() {
      for (let failures = 0; !complete;) {
        try {
          for await (const user of attempt()) {
            failures = 0;
            yield user;
          }
          complete = true;
        } catch (error) {
          failures += 1;
          if (isRollcallError(error)) Object.assign(error, { nextToken: resumeFrom });
          await pause(error, failures);
        }
      }
    },
  };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw failure('NETWORK_ERROR', 'The answer broke off.', { cause, retryable: true });
  }
}

async function* linesOf({ body, patience }: OpenStream): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await patience.wait(reader.read());
      if (done) break;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') yield rest;
  } finally {
    // Ends the transfer where the loop was left; what a broken one says here has been said.
    reader.cancel().catch(() => undefined);
  }
}
