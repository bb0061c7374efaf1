import type { z } from 'zod';

import { isLoopback, isTrustedUrl } from './kinds.ts';
import type { settings } from './settings.ts';

/** What a bearer token must hold, and where the keys are that sign it. */
export interface TokenRules {
  readonly issuer: string;
  readonly audience: string;
  /** Where the issuer's keys are; without it its discovery document says so. */
  readonly jwksUri: string | undefined;
  /** The claim that lists the collections the caller may read. */
  readonly collectionsClaim: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The rules of `AUTH_MODE=jwt`; none where whoever reaches the service may read everything. */
export function tokenRules(data: z.output<typeof settings>): TokenRules | undefined {
  if (data.AUTH_MODE !== 'jwt') return undefined;
  return {
    // Never missing once `authFaults` has looked; if it were, nothing would verify.
    issuer: data.AUTH_ISSUER ?? '',
    audience: data.AUTH_AUDIENCE ?? '',
    jwksUri: data.AUTH_JWKS_URI,
    collectionsClaim: data.AUTH_COLLECTIONS_CLAIM,
  };
}

/** User ids of a face collection are personal data: open to other machines only where someone has said so. */
export function authFaults(env: Variables): string[] {
  const { HOST = '127.0.0.1', AUTH_MODE, AUTH_ISSUER, AUTH_AUDIENCE, AUTH_JWKS_URI } = env;
  if (AUTH_MODE === 'jwt') return jwtFaults({ AUTH_ISSUER, AUTH_AUDIENCE, AUTH_JWKS_URI });
  if (AUTH_MODE !== undefined) return [];
  if (AUTH_ISSUER !== undefined || AUTH_AUDIENCE !== undefined || AUTH_JWKS_URI !== undefined) {
    return ['AUTH_MODE must be set, since other AUTH_ settings are: jwt, or none to do without them'];
  }
  if (isLoopback(HOST)) return [];
  return [
    `AUTH_MODE must be set, since HOST=${HOST} is open to other machines: jwt, or none behind something that authenticates`,
  ];
}

function jwtFaults({ AUTH_ISSUER, AUTH_AUDIENCE, AUTH_JWKS_URI }: Variables): string[] {
  const faults: string[] = [];
  if (AUTH_ISSUER === undefined) faults.push('AUTH_ISSUER must be set with AUTH_MODE=jwt');
  else if (AUTH_JWKS_URI === undefined && !isTrustedUrl(AUTH_ISSUER)) {
    faults.push(
      'AUTH_ISSUER must be an https URL, or an http URL of this machine itself, unless AUTH_JWKS_URI is set',
    );
  }
  if (AUTH_AUDIENCE === undefined) faults.push('AUTH_AUDIENCE must be set with AUTH_MODE=jwt');
  return faults;
}
