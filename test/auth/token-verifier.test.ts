import { expect, test } from '@jest/globals';

import { createTokenVerifier, TokenRefused } from '../../src/auth/token-verifier.ts';
import { signingKey, startIssuer } from '../support/issuer.ts';

test.each([undefined, 'key-1'])(
  'A token of a new key with the kid %s of the old one is accepted once the keys may be fetched again',
  async (kid) => {
    const issuer = await startIssuer();
    const ending = new AbortController();
    let time = 0;
    const verify = createTokenVerifier({
      rules: issuer.rules,
      logger: { warn: () => undefined },
      wallClock: Date.now,
      now: () => time,
      signal: ending.signal,
    });
    const [old, next] = [await signingKey('ES256', kid ?? ''), await signingKey('ES256', kid ?? '')];
    const header = { kid: kid as never };
    if (kid === undefined) for (const { publicJwk } of [old, next]) delete publicJwk.kid;
    issuer.shown[0] = old.publicJwk;
    await verify(await issuer.mint({}, { key: old, header }));
    issuer.shown[0] = next.publicJwk;
    const token = await issuer.mint({}, { key: next, header });
    await expect(verify(token)).rejects.toThrow(TokenRefused);
    time += 30_000;
    await expect(verify(token)).resolves.toMatchObject({ caller: 'sub:alice' });
    ending.abort();
    await issuer.stop();
  },
);
