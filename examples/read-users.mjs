// @ts-check
// Every user of a collection, in browsers and in Node, without any dependency: copy this file.
//
//   for await (const { userId } of readUsers('https://rollcall.example.com', 'team')) console.log(userId);

/**
 * @typedef {{ readonly userId: string, readonly userStatus: string }} User
 *
 * @typedef {object} Problem What the service says is wrong.
 * @property {string} code
 * @property {string} detail
 * @property {boolean} retryable
 * @property {string} requestId
 * @property {number} [retryAfter] Seconds until a retry makes sense, where the service knows.
 * @property {string} [nextToken] On the last line of an incomplete stream: where to go on.
 *
 * @typedef {object} Progress
 * @property {number} users How many users have been read.
 * @property {number | undefined} total How many there are, where the service knows.
 *
 * @typedef {object} ReadUsersOptions
 * @property {Record<string, string>} [headers] Such as `Authorization`.
 * @property {AbortSignal} [signal] Ends the reading, with its reason.
 * @property {(progress: Progress) => void} [onProgress]
 * @property {number} [attempts] Failures in a row, without a user between them, until it gives up: 5.
 * @property {number} [retryDelayMs] The longest wait after the first failure; it doubles: 1,000.
 */

const LONGEST_DELAY_MS = 30_000;

/** The service refused, or gave up. */
export class ReadUsersError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(`${problem.code}: ${problem.detail}`);
    this.name = 'ReadUsersError';
    this.problem = problem;
  }
}

/**
 * Reads every user once. Where a stream breaks it waits and goes on; it throws where that is of no use.
 *
 * @param {string} baseUrl
 * @param {string} collectionId
 * @param {ReadUsersOptions} [options]
 * @returns {AsyncGenerator<User, void, undefined>}
 */
export async function* readUsers(baseUrl, collectionId, options = {}) {
  const { signal, onProgress, attempts = 5, retryDelayMs = 1000 } = options;
  const path = `collections/${encodeURIComponent(collectionId)}/users.ndjson`;
  const url = new URL(`${baseUrl.replace(/\/+$/, '')}/${path}`);
  // Users since the last nextToken: a connection that breaks on its way says no better place to go on from.
  const seen = new Set();
  const progress = { users: 0, total: /** @type {number | undefined} */ (undefined) };
  for (let failures = 0; ;) {
    const batches = readOnce(url, options, progress);
    /** @type {ReadUsersError | undefined} */
    let reason;
    try {
      for (;;) {
        const batch = await settle(batches.next());
        if ('error' in batch) {
          signal?.throwIfAborted();
          failures += 1;
          const error = reason ?? batch.error;
          if (failures >= attempts || !isWorthAnother(error)) throw error;
          await pause(error, retryDelayMs * 2 ** (failures - 1), signal);
          break;
        }
        if (batch.done) return;
        for (const line of batch.value) {
          if ('code' in line) {
            reason = new ReadUsersError(line);
            if (!line.retryable) throw reason;
            url.searchParams.set('nextToken', line.nextToken ?? '');
            seen.clear();
          } else if (!seen.has(line.userId)) {
            seen.add(line.userId);
            failures = 0;
            progress.users += 1;
            yield line;
          }
        }
        onProgress?.({ ...progress });
      }
    } finally {
      await batches.return();
    }
  }
}

/**
 * One request: its lines, in batches as they arrive. It throws where the stream ends before it is complete.
 *
 * @param {URL} url
 * @param {ReadUsersOptions} options
 * @param {{ total: number | undefined }} progress
 * @returns {AsyncGenerator<(User | Problem)[], void, undefined>}
 */
async function* readOnce(url, { headers, signal }, progress) {
  const response = await fetch(url, { headers: headers ?? {}, signal: signal ?? null });
  // An empty page of a proxy would be an empty collection.
  const isStream = response.headers.get('Content-Type')?.startsWith('application/x-ndjson');
  if (!response.ok || !isStream || !response.body) {
    throw new ReadUsersError(/** @type {Problem} */ (await response.json()));
  }
  const total = response.headers.get('X-Total-Users');
  if (total !== null) progress.total = Number(total);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let rest = '';
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      const lines = `${rest}${value ?? ''}`.split('\n');
      rest = lines.pop() ?? '';
      yield lines.map((line) => JSON.parse(line));
    }
    if (rest !== '') throw new Error('the stream ended within a line');
  } finally {
    // Ends the transfer of a reader who has had enough; one that is broken has nothing to say here.
    await reader.cancel().catch(() => undefined);
  }
}

/** A refusal for good is not; what the network did may pass. @param {unknown} error */
function isWorthAnother(error) {
  return !(error instanceof ReadUsersError) || error.problem.retryable;
}

/**
 * As long as the service asks, else some part of `longestMs`, so that readers come back one by one.
 *
 * @param {unknown} error
 * @param {number} longestMs
 * @param {AbortSignal | undefined} signal
 */
async function pause(error, longestMs, signal) {
  const askedMs = error instanceof ReadUsersError ? (error.problem.retryAfter ?? 0) * 1000 : 0;
  const ms = Math.max(askedMs, Math.random() * Math.min(longestMs, LONGEST_DELAY_MS));
  await new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true });
  });
  signal?.throwIfAborted();
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T | { readonly error: unknown }>}
 */
function settle(promise) {
  return promise.catch((error) => ({ error }));
}
