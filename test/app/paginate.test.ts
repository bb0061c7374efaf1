import { afterEach, describe, expect, test } from '@jest/globals';

import { exampleUsers } from '../../src/embedded/example-users.ts';
import { startEmbeddedRekognition } from '../../src/embedded/start.ts';
import { call } from '../support/contract.ts';
import { startService, stopServices } from '../support/service.ts';

afterEach(stopServices);

describe('Paging through the embedded Rekognition', () => {
  test.each([500, 499, 170])('by Link, %i a page, finds every user of a collection once', async (size) => {
    const endpoint = await startEmbeddedRekognition({ tps: 0 });
    const { url } = await startService({ endpoint });
    const found: string[] = [];
    const path = '/collections/example-campus/users';
    let next: string | undefined = `?maxResults=${size}`;
    while (next !== undefined) {
      const { status, json, headers } = await call(url, `${path}${next}`);
      expect(status).toBe(200);
      found.push(...(json['users'] as { userId: string }[]).map(({ userId }) => userId));
      next = /^<([^>]+)>; rel="next"$/.exec(headers['link'] ?? '')?.[1];
      expect(next === undefined).toBe(json['nextToken'] === undefined);
    }
    expect(found.toSorted()).toEqual(
      exampleUsers(5000)
        .map(({ id }) => id)
        .toSorted(),
    );
    await endpoint.stop();
  });

  test('that fails on its second page fails with a status, never with a short page', async () => {
    const endpoint = await startEmbeddedRekognition({ tps: 0 });
    const { url } = await startService({ endpoint });
    const path = '/collections/throws-InternalServerError-on-page-2/users';
    const { json } = await call(url, path);
    expect(await call(url, `${path}?nextToken=${String(json['nextToken'])}`)).toMatchObject({
      status: 502,
      json: { code: 'UPSTREAM_ERROR' },
    });
    await endpoint.stop();
  });
});
