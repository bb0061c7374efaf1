import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Logger } from 'pino';

/** Not to be told apart from a token whose key exists: the issuer's keys can't be fetched just now. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
  readonly retryAfterS: number;

  constructor(retryAfterS: number) {
    super('the issuer’s keys are unavailable');
    this.retryAfterS = retryAfterS;
  }
}

interface IssuerKeysOptions {
  /** Fetches the key set; settles in bounded time. */
  readonly fetchKeys: () => Promise<JSONWebKeySet>;
  readonly logger: Pick<Logger, 'warn'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** However many unknown keys strangers name, the key server is asked this often at most. */
const COOLDOWN_MS = 30_000;
/** A key that the issuer withdraws is refused after this time, as long as the key server answers. */
const MAX_AGE_MS = 600_000;

/**
 * The issuer's keys, fetched when they are first needed, when they are old and when one is unknown. One fetch
 * serves all who wait. While the key server is away, the keys known so far go on being good.
 */
export function createIssuerKeys({ fetchKeys, logger, now }: IssuerKeysOptions): JWTVerifyGetKey {
  let known: JWTVerifyGetKey | undefined;
  let fetchedAt = -Infinity;
  let triedAt = -Infinity;
  let failed = false;
  let pending: Promise<void> | undefined;

  async function fetchNow(): Promise<void> {
    triedAt = now();
    try {
      known = createLocalJWKSet(await fetchKeys());
      fetchedAt = now();
      failed = false;
    } catch (err) {
      failed = true;
      logger.warn({ err }, 'the keys of AUTH_ISSUER could not be fetched; those known so far stay good');
    }
  }
  async function refresh(): Promise<void> {
    if (!pending && now() - triedAt < COOLDOWN_MS) return;
    pending ??= fetchNow().finally(() => {
      pending = undefined;
    });
    await pending;
  }

  return async (header, token) => {
    if (known && now() - fetchedAt < MAX_AGE_MS) {
      const key = await find(known, header, token);
      if (key) return key;
    }
    await refresh();
    const key = known && (await find(known, header, token));
    if (key) return key;
    if (failed || !known) throw new KeysUnavailable((triedAt + COOLDOWN_MS - now()) / 1000);
    throw new errors.JWKSNoMatchingKey();
  };
}

async function find(
  keys: JWTVerifyGetKey,
  ...of: Parameters<JWTVerifyGetKey>
): Promise<Awaited<ReturnType<JWTVerifyGetKey>> | undefined> {
  try {
    return await keys(...of);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return undefined;
    throw error;
  }
}
