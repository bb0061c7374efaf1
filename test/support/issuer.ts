import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTHeaderParameters,
} from 'jose';

import type { TokenRules } from '../../src/config.ts';
import { listen } from './listen.ts';

type Algorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA' | 'Ed25519';
type Claims = Readonly<Record<string, unknown>>;

/** A key pair, its public half as the key set shows it. */
export interface SigningKey {
  readonly alg: Algorithm;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** A server of keys, for tests: it counts who asks for what. */
export interface Issuer {
  readonly url: string;
  /** The paths that were asked for. */
  readonly requests: string[];
  /** The keys it shows. */
  readonly shown: JWK[];
  readonly key: SigningKey;
  readonly rules: TokenRules;
  /** Instead of its documents. */
  answer: ((req: IncomingMessage, res: ServerResponse) => void) | undefined;
  /** A token that verifies, save for what is said otherwise; `undefined` takes a claim away. */
  mint(
    claims?: Claims,
    options?: { header?: Partial<JWTHeaderParameters>; key?: SigningKey },
  ): Promise<string>;
  stop(): Promise<void>;
}

export const AUDIENCE = 'https://rollcall.example';

/** Makes a key pair. */
export async function signingKey(alg: Algorithm, kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** Starts an issuer with one key on a free port. */
export async function startIssuer(): Promise<Issuer> {
  const key = await signingKey('ES256', 'key-1');
  const requests: string[] = [];
  const shown = [key.publicJwk];
  const server = createServer((req, res) => {
    requests.push(req.url ?? '');
    if (issuer.answer) issuer.answer(req, res);
    else if (req.url === '/.well-known/openid-configuration')
      res.end(JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }));
    else res.end(JSON.stringify({ keys: shown }));
  });
  const { url, stop } = await listen(server);
  const issuer: Issuer = {
    url,
    requests,
    shown,
    key,
    rules: { issuer: url, audience: AUDIENCE, jwksUri: undefined, collectionsClaim: 'collections' },
    answer: undefined,
    async mint(claims = {}, { header = {}, key: signer = key } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const all = { iss: url, aud: AUDIENCE, sub: 'alice', exp: now + 60, collections: ['*'], ...claims };
      return new SignJWT(all)
        .setProtectedHeader({ alg: signer.alg, kid: signer.publicJwk.kid ?? '', ...header })
        .sign(signer.privateKey);
    },
    stop,
  };
  return issuer;
}
