import { createHash } from 'node:crypto';

import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions, type JWTVerifyResult } from 'jose';
import type { Logger } from 'pino';

import type { TokenRules } from '../config.ts';
import { collectionFilter } from './collection-filter.ts';
import { keyFetcher } from './fetch-keys.ts';
import { createIssuerKeys, KeysUnavailable, type IssuerKeys } from './issuer-keys.ts';

/** The caller that a token names. */
export interface Principal {
  /** The caller that requests count for; undefined if the token names no subject. */
  readonly caller: string | undefined;
  readonly mayRead: (collectionId: string) => boolean;
}

/** Verifies a token. Rejects with `TokenRefused`, or with `KeysUnavailable`. */
export type TokenVerifier = (token: string) => Promise<Principal>;

type RefusalWord = 'missing' | 'expired' | 'invalid';

/** There is no token, or it does not verify. `message` is for the log, and has nothing of the token. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  /** All that the caller learns. */
  readonly word: RefusalWord;

  constructor(message: string, word: RefusalWord = 'invalid') {
    super(message);
    this.word = word;
  }
}

/** What a verifier of tokens needs. */
export interface TokenVerifierOptions {
  readonly rules: TokenRules;
  readonly logger: Pick<Logger, 'warn'>;
  /** Milliseconds since the epoch, by the wall clock, as the times in tokens are. */
  readonly wallClock: () => number;
  /** Milliseconds of a clock that never goes back, for the age of keys. */
  readonly now: () => number;
  /** Ends a fetch of keys that is under way. */
  readonly signal: AbortSignal;
}

const MAX_TOKEN_BYTES = 8 * 1024;
/** jose also accepts padded base64, which RFC 7515, 2, does not allow. */
const COMPACT = /^[\w-]+\.[\w-]*\.[\w-]+$/;
const CLOCK_TOLERANCE_S = 5;
/** Limits the time that a token costs, however many keys its issuer publishes. */
const MAX_KEYS_TRIED = 8;
/** No HMAC, for which a public key could serve as the secret, and no `none` (RFC 8725, 3.1). */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
/** Other tokens of the same issuer, such as logout tokens, are refused (RFC 8725, 3.11). */
const TYPES = /^(application\/)?(at\+)?jwt$/i;

/** Verifies bearer tokens by RFC 8725. Stores nothing of them. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { rules, logger, wallClock, now, signal } = options;
  const { issuer, audience, collectionsClaim } = rules;
  const keys = createIssuerKeys({ fetchKeys: keyFetcher(rules, signal), logger, now });
  return async (token) => {
    if (token.length > MAX_TOKEN_BYTES) throw new TokenRefused('too long');
    if (!COMPACT.test(token)) throw new TokenRefused('form');
    const { payload, protectedHeader } = await verify(token, keys, {
      algorithms: ALGORITHMS,
      issuer,
      audience,
      requiredClaims: ['exp'],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(wallClock()),
    }).catch(throwRefusal);
    requireAccessToken(protectedHeader.typ);
    return {
      caller: callerOf(payload),
      mayRead: collectionFilter(Object.hasOwn(payload, collectionsClaim) && payload[collectionsClaim]),
    };
  };
}

/** If no known key has signed the token, the issuer may have a new key, even under an old name: the keys are fetched. */
async function verify(token: string, keys: IssuerKeys, rules: JWTVerifyOptions): Promise<JWTVerifyResult> {
  try {
    return await verifyWithEach(token, keys, rules);
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed && (await keys.renew()))
      return verifyWithEach(token, keys, rules);
    throw error;
  }
}

/** Verifies with the key that fits. If several fit, each is tried. */
async function verifyWithEach(
  token: string,
  { find }: IssuerKeys,
  rules: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, find, rules);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    let remaining = MAX_KEYS_TRIED;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, rules);
      } catch (failure) {
        if (isFinal(failure)) throw failure;
      }
      remaining -= 1;
      if (remaining === 0) break;
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** Whether no other key can help: neither another key has signed the token, nor is this key unfit, such as a short one. */
function isFinal(failure: unknown): boolean {
  return failure instanceof errors.JOSEError && !(failure instanceof errors.JWSSignatureVerificationFailed);
}

function requireAccessToken(typ: unknown): void {
  if (typ !== undefined && !(typeof typ === 'string' && TYPES.test(typ))) throw new TokenRefused('typ');
}

/** Any error except `KeysUnavailable` refuses the token. */
function throwRefusal(error: unknown): never {
  if (error instanceof KeysUnavailable) throw error;
  if (error instanceof errors.JWTExpired) throw new TokenRefused(error.code, 'expired');
  if (error instanceof errors.JWTClaimValidationFailed)
    throw new TokenRefused(`${error.code} ${error.claim}`);
  throw new TokenRefused(error instanceof errors.JOSEError ? error.code : String(error));
}

/** A longer subject is replaced by its digest, so that no token chooses the length of a key in memory. */
const MAX_SUBJECT_LENGTH = 128;

/** The prefixes keep subjects, digests and addresses apart. */
function callerOf({ sub }: JWTPayload): string | undefined {
  // `JWTPayload` says what a token should hold, not what this one does.
  const subject: unknown = sub;
  if (subject === undefined || subject === '') return undefined;
  if (typeof subject !== 'string') throw new TokenRefused('sub');
  if (subject.length <= MAX_SUBJECT_LENGTH) return `sub:${subject}`;
  return `sub-sha256:${createHash('sha256').update(subject).digest('base64url')}`;
}
