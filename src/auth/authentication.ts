import type { RequestHandler } from 'express';

import { AppError } from '../errors.ts';
import { contextOf } from '../http/context.ts';
import { KeysUnavailable } from './issuer-keys.ts';
import { createTokenVerifier, TokenRefused, type TokenVerifierOptions } from './token-verifier.ts';

/** The guards of routes that need a token. */
export interface Authentication {
  /**
   * Verifies the bearer token. The request then counts for the token's subject, and may read the collections that the
   * token lists. A refusal is kept until `refuseUnauthenticated`, since the request counts against its address first.
   */
  readonly authenticate: RequestHandler;
  /** Ends a request whose token was refused, once it has been counted. */
  readonly refuseUnauthenticated: RequestHandler;
  /** Ends a fetch of keys that is under way. */
  readonly stop: () => void;
}

/** Authenticates by bearer tokens of one issuer. */
export function createAuthentication(options: Omit<TokenVerifierOptions, 'signal'>): Authentication {
  const stopping = new AbortController();
  const verify = createTokenVerifier({ ...options, signal: stopping.signal });
  return {
    async authenticate(req, res, next) {
      const context = contextOf(res);
      try {
        const { caller, mayRead } = await verify(bearerToken(req.headers.authorization));
        context.caller = caller ?? context.caller;
        context.mayRead = mayRead;
      } catch (error) {
        context.mayRead = () => false;
        context.refused = toAppError(error);
      }
      next();
    },
    refuseUnauthenticated(_req, res, next) {
      next(contextOf(res).refused);
    },
    stop() {
      stopping.abort();
    },
  };
}

function bearerToken(authorization: string | undefined): string {
  // RFC 6750, 2.1 has one space, RFC 9110, 11.4 one or more.
  const [, token] = /^bearer +(.*)$/i.exec(authorization ?? '') ?? [];
  if (!token) throw new TokenRefused('none', 'missing');
  if (token.includes(' ')) throw new TokenRefused('spaces');
  return token;
}

const details = {
  missing: 'Send a bearer token: Authorization: Bearer …',
  expired: 'The bearer token has expired. Get a new one.',
  invalid: 'The bearer token is invalid. Get a new one.',
} as const;

function toAppError(error: unknown): AppError {
  if (error instanceof KeysUnavailable) {
    const detail = 'The keys that verify tokens cannot be fetched now. Keep the token, and retry.';
    return new AppError('UPSTREAM_UNAVAILABLE', detail, { cause: error, retryAfterS: error.retryAfterS });
  }
  if (!(error instanceof TokenRefused)) throw error;
  const { word } = error;
  // RFC 6750, 3.1: a request without a token gets no error code.
  const why = word === 'missing' ? '' : `, error="invalid_token", error_description="${word}"`;
  return new AppError('UNAUTHENTICATED', details[word], {
    cause: error,
    headers: { 'WWW-Authenticate': `Bearer realm="rollcall"${why}` },
  });
}
