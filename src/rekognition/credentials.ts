import type { AwsCredentialIdentity } from '@smithy/types';

import { raceDeadline } from './deadline.ts';

/** There are no credentials to sign with; `cause` is what their provider failed with. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';

  constructor(cause: unknown) {
    super('the credentials could not be looked up', { cause });
  }
}

/** What calls of AWS are signed with. */
export interface Credentials {
  /** Those at hand, or looked up in bounded time. Rejects with `CredentialsError`, or with the signal's reason. */
  get(signal?: AbortSignal): Promise<AwsCredentialIdentity>;
  /** AWS refused them: the next caller has them looked up afresh. */
  refused(): void;
}

interface CredentialsOptions {
  /** Asks their source, and keeps nothing. */
  readonly lookUp: () => Promise<AwsCredentialIdentity>;
  /** How long a caller waits for a lookup, in milliseconds. */
  readonly timeoutMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface Lookup {
  readonly at: number;
  readonly result: Promise<AwsCredentialIdentity>;
}

/** Keys that stay wrong are looked up this often at most, and so are those that end soon. */
const FORGET_EVERY_MS = 10_000;
/** Credentials that end this soon are looked up again while they still serve. */
const RENEW_BEFORE_MS = 300_000;
/** A lookup that hangs longer is given up, so that the next one can find a source that is well again. */
const LOST_MS = 15_000;

/** Keeps credentials until they end or are refused. All who ask at once share one lookup. */
export function createCredentials({ lookUp, timeoutMs, now }: CredentialsOptions): Credentials {
  let kept: AwsCredentialIdentity | undefined;
  let pending: Lookup | undefined;
  let forgottenAt = -Infinity;
  let begunAt = -Infinity;

  const begin = (): Lookup => {
    begunAt = now();
    const lookup = { at: begunAt, result: requireUsable(lookUp) };
    pending = lookup;
    const end = (found?: AwsCredentialIdentity): void => {
      // Of a lookup that was given up, nothing counts.
      if (pending !== lookup) return;
      pending = undefined;
      kept = found ?? kept;
    };
    lookup.result.then(end, () => {
      end();
    });
    return lookup;
  };
  const shared = (): Promise<AwsCredentialIdentity> =>
    (pending && now() - pending.at < LOST_MS ? pending : begin()).result;
  const leftMs = ({ expiration }: AwsCredentialIdentity): number =>
    expiration ? expiration.getTime() - now() : Infinity;

  return {
    async get(signal = new AbortController().signal) {
      if (kept && leftMs(kept) > 0) {
        if (leftMs(kept) < RENEW_BEFORE_MS && now() - begunAt > FORGET_EVERY_MS) void shared();
        return kept;
      }
      const onTimeout = (): Error =>
        new CredentialsError(Object.assign(new Error(), { name: 'TimeoutError' }));
      return raceDeadline({ ms: timeoutMs, parent: signal, onTimeout }, shared());
    },
    refused() {
      if (now() - forgottenAt < FORGET_EVERY_MS) return;
      forgottenAt = now();
      kept = undefined;
    },
  };
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
