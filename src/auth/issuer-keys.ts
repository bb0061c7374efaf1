import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Logger } from 'pino';

/** The issuer's keys cannot be fetched now, so it is unknown whether a token is valid. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
  readonly retryAfterS: number;

  constructor(retryAfterS: number) {
    super('the issuer’s keys are unavailable');
    this.retryAfterS = retryAfterS;
  }
}

/** The keys that an issuer signs tokens with. */
export interface IssuerKeys {
  /** The key of a token. Rejects with `KeysUnavailable` if the key is unknown and the keys cannot be fetched. */
  readonly find: JWTVerifyGetKey;
  /** Fetches the keys because one is unknown, unless they were fetched lately. Returns whether it fetched them. */
  renew(): Promise<boolean>;
}

interface IssuerKeysOptions {
  /** Fetches the key set; `signal` bounds the time. */
  readonly fetchKeys: (signal: AbortSignal) => Promise<JSONWebKeySet>;
  readonly logger: Pick<Logger, 'warn'>;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

const TIMEOUT_MS = 3000;
/** A key server that responds is asked at most this often for unknown keys, however many of them tokens name. */
const COOLDOWN_MS = 30_000;
/** After a failed fetch the first request after this time tries again. */
const RETRY_MS = 1000;
/** A key that the issuer withdraws is refused after this time, if the key server responds. */
const MAX_AGE_MS = 600_000;

/**
 * The issuer's keys, fetched when they are first needed, when they are old, and when one is unknown. While the key
 * server is away, the keys known so far stay valid.
 */
export function createIssuerKeys({ fetchKeys, logger, now }: IssuerKeysOptions): IssuerKeys {
  // Not jose's remote set, which measures ages by the wall clock.
  let keySet = createLocalJWKSet({ keys: [] });
  let fetchedAt = -Infinity;
  let failedAt: number | undefined;
  let pending: Promise<void> | undefined;

  async function fetchNow(): Promise<void> {
    try {
      keySet = createLocalJWKSet(await fetchKeys(AbortSignal.timeout(TIMEOUT_MS)));
      fetchedAt = now();
      failedAt = undefined;
    } catch (err) {
      failedAt = now();
      logger.warn({ err }, 'the keys of AUTH_ISSUER could not be fetched; known keys stay valid');
    }
  }
  const refresh = (): Promise<void> | undefined => {
    if (!pending && failedAt !== undefined && now() - failedAt < RETRY_MS) return undefined;
    pending ??= fetchNow().finally(() => {
      pending = undefined;
    });
    return pending;
  };
  const refreshIfOld = async (): Promise<void> => {
    if (now() - fetchedAt < MAX_AGE_MS) return;
    const hasFailed = failedAt !== undefined;
    const refreshed = refresh();
    // Once the key server has failed, requests with known keys do not wait for it.
    if (!hasFailed || fetchedAt === -Infinity) await refreshed;
  };
  const throwIfFailed = (): void => {
    if (failedAt !== undefined) throw new KeysUnavailable((failedAt + RETRY_MS - now()) / 1000);
  };
  const renew = async (): Promise<boolean> => {
    const before = fetchedAt;
    if (pending || failedAt !== undefined || now() - fetchedAt >= COOLDOWN_MS) await refresh();
    throwIfFailed();
    return fetchedAt !== before;
  };

  return {
    renew,
    async find(...token) {
      await refreshIfOld();
      if (fetchedAt === -Infinity) throwIfFailed();
      try {
        return await keySet(...token);
      } catch (error) {
        if (error instanceof errors.JWKSNoMatchingKey && (await renew())) return keySet(...token);
        throw error;
      }
    },
  };
}
