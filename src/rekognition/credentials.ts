import type { AwsCredentialIdentity } from '@smithy/types';

import { raceDeadline } from './deadline.ts';

/** The credentials could not be looked up; `cause` is the error of their source. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';

  constructor(cause: unknown) {
    super('the credentials could not be looked up', { cause });
  }
}

/** The credentials that calls of AWS are signed with. */
export interface Credentials {
  /** Cached credentials, or a lookup in bounded time. Rejects with `CredentialsError`, or with the signal's reason. */
  get(signal?: AbortSignal): Promise<AwsCredentialIdentity>;
  /** AWS refused the credentials: the next call looks them up again. */
  refused(): void;
}

interface CredentialsOptions {
  /** Asks their source, without a cache. */
  readonly lookUp: () => Promise<AwsCredentialIdentity>;
  /** How long a caller waits for a lookup, in milliseconds. */
  readonly timeoutMs: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Milliseconds since the epoch, by the wall clock: credentials expire by it. */
  readonly wallClock: () => number;
}

/** A source that gives credentials is asked at most this often, even if AWS refuses them, or this host's clock is wrong. */
const LOOKUP_INTERVAL_MS = 10_000;
/** Credentials that expire this soon are looked up again while they are still used. */
const RENEW_BEFORE_MS = 300_000;

/** Caches credentials until they expire or are refused. Calls that need them at the same time share one lookup. */
export function createCredentials(options: CredentialsOptions): Credentials {
  const { lookUp, timeoutMs, now, wallClock } = options;
  let cached: AwsCredentialIdentity | undefined;
  let pending: Promise<AwsCredentialIdentity> | undefined;
  let begunAt = -Infinity;
  /** When the lookup of the cached ones began, or when they were refused. An older lookup's result is not cached. */
  let freshSince = -Infinity;

  const begin = (): Promise<AwsCredentialIdentity> => {
    const at = (begunAt = now());
    const found = requireUsable(lookUp).then((credentials) => {
      if (at < freshSince) return credentials;
      freshSince = at;
      return (cached = credentials);
    });
    // A lookup that hangs is given up, so that the next caller asks again. It may still succeed, for later callers.
    const lookup = raceDeadline({ ms: timeoutMs, onTimeout: timedOut }, found);
    pending = lookup;
    const ended = (): void => {
      pending = undefined;
    };
    lookup.then(ended, ended);
    return lookup;
  };
  const leftMs = ({ expiration }: AwsCredentialIdentity): number =>
    expiration ? expiration.getTime() - wallClock() : Infinity;

  return {
    get(signal) {
      if (cached && (leftMs(cached) > 0 || now() - freshSince < LOOKUP_INTERVAL_MS)) {
        if (leftMs(cached) < RENEW_BEFORE_MS && now() - begunAt >= LOOKUP_INTERVAL_MS) pending ??= begin();
        return Promise.resolve(cached);
      }
      const lookup = pending ?? begin();
      return raceDeadline({ ms: timeoutMs, parent: signal, onTimeout: timedOut }, lookup);
    },
    refused() {
      if (now() - freshSince < LOOKUP_INTERVAL_MS) return;
      freshSince = now();
      cached = undefined;
    },
  };
}

function timedOut(): CredentialsError {
  return new CredentialsError(Object.assign(new Error(), { name: 'TimeoutError' }));
}

async function requireUsable(lookUp: () => Promise<AwsCredentialIdentity>): Promise<AwsCredentialIdentity> {
  try {
    const found = await lookUp();
    const { accessKeyId, secretAccessKey, sessionToken } = found;
    // Both are sent in headers.
    if (!isHeaderValue(accessKeyId) || (sessionToken !== undefined && !isHeaderValue(sessionToken))) {
      throw Object.assign(new Error(), { name: 'MalformedCredentials' });
    }
    if (typeof secretAccessKey !== 'string' || secretAccessKey === '') {
      throw Object.assign(new Error(), { name: 'MalformedCredentials' });
    }
    return found;
  } catch (error) {
    throw new CredentialsError(error);
  }
}

function isHeaderValue(value: unknown): boolean {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}
