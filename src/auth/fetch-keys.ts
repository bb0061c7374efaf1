import type { JSONWebKeySet } from 'jose';
import { EnvHttpProxyAgent, request } from 'undici';

import type { TokenRules } from '../config.ts';
import { isTrustedUrl } from '../config-values.ts';

/** A key set has a few kilobytes. */
const MAX_BYTES = 256 * 1024;
/** A connection that takes longer is given up, so that the next fetch does not wait for it. */
const CONNECT_TIMEOUT_MS = 3000;

/**
 * Makes the function that fetches an issuer's key set, from `jwksUri` or from the URL in its discovery document. The URL
 * never depends on a token, and no redirect is followed. `ending` ends a fetch under way.
 */
export function keyFetcher(
  { issuer, jwksUri }: Pick<TokenRules, 'issuer' | 'jwksUri'>,
  ending: AbortSignal,
): (signal: AbortSignal) => Promise<JSONWebKeySet> {
  const agent = new EnvHttpProxyAgent({
    maxResponseSize: MAX_BYTES,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });
  const get = async (url: string, signal: AbortSignal): Promise<unknown> => {
    const { statusCode, body } = await request(url, { dispatcher: agent, signal, reset: true });
    if (statusCode === 200) return body.json();
    await body.dump();
    throw new Error(`the key server answered ${statusCode}`);
  };
  let discovered: string | undefined;
  return async (timeout) => {
    const signal = AbortSignal.any([ending, timeout]);
    const url = jwksUri ?? discovered ?? (await discover(issuer, (document) => get(document, signal)));
    // Forgotten if the fetch fails, so that an issuer may move its keys.
    discovered = undefined;
    const keys = await get(url, signal);
    discovered = url;
    return keys as JSONWebKeySet;
  };
}

/** OpenID Connect Discovery 1.0, 4: the document must be the issuer's own. */
async function discover(issuer: string, get: (url: string) => Promise<unknown>): Promise<string> {
  const found = await get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const { issuer: named, jwks_uri: uri } = (found ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer) throw new Error('the discovery document is of another issuer');
  if (typeof uri !== 'string' || !isTrustedUrl(uri))
    throw new Error('the discovery document names no trusted jwks_uri');
  return uri;
}
