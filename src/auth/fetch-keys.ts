import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import type { JSONWebKeySet, JWK } from 'jose';
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
    const { statusCode, headers, body } = await request(url, { dispatcher: agent, signal, reset: true });
    if (statusCode === 200) return readJson(await body.bytes(), headers['content-encoding']);
    await body.dump();
    throw new Error(`the key server answered ${statusCode}`);
  };
  let discovered: string | undefined;
  return async (timeout) => {
    const signal = AbortSignal.any([ending, timeout]);
    const url = jwksUri ?? discovered ?? (await discover(issuer, (document) => get(document, signal)));
    // Forgotten if the fetch fails, so that an issuer may move its keys.
    discovered = undefined;
    const keys = readableKeys(await get(url, signal));
    discovered = url;
    return { keys };
  };
}

/** A server may compress its response even if the request does not ask for it (RFC 9110, 12.5.3). */
async function readJson(bytes: Uint8Array, encoding: unknown): Promise<unknown> {
  const plain = encoding === 'gzip' ? await promisify(gunzip)(bytes, { maxOutputLength: MAX_BYTES }) : bytes;
  return JSON.parse(new TextDecoder().decode(plain));
}

/** The keys of a set, without entries that are none (RFC 7517, 5): one bad entry must not take the others with it. */
function readableKeys(set: unknown): JWK[] {
  const { keys } = (set ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new Error('the key server sent no set of keys');
  return keys.filter(isKey).map(forVerifying);
}

function isKey(entry: unknown): entry is JWK {
  return typeof entry === 'object' && entry !== null && !Array.isArray(entry);
}

/** Some issuers list all operations of the key pair. Node refuses to import a public key that should sign. */
function forVerifying(key: JWK): JWK {
  const verifies = Array.isArray(key.key_ops) && key.key_ops.includes('verify');
  return verifies ? { ...key, key_ops: ['verify'] } : key;
}

/** OpenID Connect Discovery 1.0, 4: the document must be the issuer's own. */
async function discover(issuer: string, get: (url: string) => Promise<unknown>): Promise<string> {
  const found = await get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const { issuer: named, jwks_uri: uri } = (found ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer)
    throw new Error(`AUTH_ISSUER is not the issuer that its discovery document names: ${String(named)}`);
  if (typeof uri !== 'string' || !isTrustedUrl(uri))
    throw new Error('the discovery document names no trusted jwks_uri');
  return uri;
}
