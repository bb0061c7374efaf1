import { failure, isProblem, isRollcallError, problemFailure } from './failure.ts';
import type { ReadTimeout } from './read-timeout.ts';
import type { User, UserStream } from './users.ts';

/** The most users of a page: a broken stream is resumed at the beginning of its last page. */
const PAGE_SIZE = 500;

/** A stream whose body is yet to be read. */
export interface OpenStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly total: number | undefined;
  readonly readTimeout: ReadTimeout;
}

interface StreamDeps {
  /** Where to begin; undefined for the first user. */
  readonly nextToken: string | undefined;
  readonly open: (nextToken: string | undefined) => Promise<OpenStream>;
  /** Waits before another attempt, or throws the error. */
  readonly pause: (error: unknown, failures: number) => Promise<void>;
}

/** Reads the stream, and resumes it if that may help. */
export function createUserStream({ nextToken, open, pause }: StreamDeps): UserStream {
  let resumeFrom = nextToken;
  let total: number | undefined;
  let complete = false;
  let looping = false;
  // The last users yielded since `resumeFrom`, for a connection that breaks without a problem document. The order of
  // users is fixed, so those before them have been yielded.
  const recent = new Set<string>();
  let forgotten = false;

  function remember(userId: string): void {
    recent.add(userId);
    if (recent.size <= PAGE_SIZE) return;
    const [oldest = ''] = recent;
    recent.delete(oldest);
    forgotten = true;
  }

  async function* attempt(): AsyncGenerator<User, void, undefined> {
    const stream = await open(resumeFrom);
    total = stream.total ?? total;
    let isNew = !forgotten;
    for await (const line of linesOf(stream)) {
      const user = userOf(line);
      if (recent.has(user.userId)) isNew = true;
      else if (isNew) {
        remember(user.userId);
        yield user;
      }
    }
    // All users of the last page have been deleted since.
    if (!isNew) throw failure('NETWORK_ERROR', 'The response broke off.');
    complete = true;
  }

  async function resume(error: unknown, failures: number): Promise<void> {
    if (isRollcallError(error) && error.nextToken !== undefined) {
      resumeFrom = error.nextToken;
      recent.clear();
      forgotten = false;
    }
    await pause(error, failures);
  }

  return {
    get total() {
      return total;
    },
    get nextToken() {
      return resumeFrom;
    },
    async *[Symbol.asyncIterator]() {
      if (looping) throw new TypeError('Another loop reads this stream.');
      looping = true;
      try {
        yield* rest();
      } finally {
        looping = false;
      }
    },
  };

  async function* rest(): AsyncGenerator<User, void, undefined> {
    for (let failures = 0; !complete;) {
      try {
        for await (const user of attempt()) {
          failures = 0;
          yield user;
        }
      } catch (error) {
        failures += 1;
        await resume(error, failures);
      }
    }
  }
}

/** The user in a line; throws the error in the last line of an incomplete stream. */
function userOf(line: string): User {
  const value = parsed(line);
  if (isProblem(value)) throw problemFailure(value);
  if (isUser(value)) return value;
  throw failure('UNREADABLE_RESPONSE', `This is not a line of a stream: ${line.slice(0, 80)}`);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isUser(value: unknown): value is User {
  return 'userId' in (Object(value) as object);
}

/** Whole lines; a `NETWORK_ERROR` if the last is not whole. */
async function* linesOf({ body, readTimeout }: OpenStream): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await readTimeout.wait(reader.read());
      if (done) break;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') throw failure('NETWORK_ERROR', 'The response broke off.', { retryable: true });
  } finally {
    // Ends the transfer if the loop ended early. A broken transfer has thrown already.
    reader.cancel().catch(() => undefined);
  }
}
