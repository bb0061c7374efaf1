import { afterEach, describe, expect, test } from '@jest/globals';

import { call } from '../support/contract.ts';
import { pageOf } from '../support/scripted-rekognition.ts';
import { startService, stopServices, type Service } from '../support/service.ts';

afterEach(stopServices);

const PATH = '/collections/team/users';

const behind = (trustProxy: number | string[], max = 3): Promise<Service> =>
  startService({
    script: { always: pageOf(['alice']) },
    config: { http: { trustProxy }, rateLimit: { max, windowMs: 60_000 } },
  });

const ask = async ({ url }: Service, headers: Record<string, string>) => call(url, PATH, { headers });
const forwarded = (value: string) => ({ 'X-Forwarded-For': value });
const warningsOf = ({ logs }: Service) =>
  logs.filter(({ level }) => level === 'warn').map(({ msg }) => String(msg).slice(0, 32));

describe('No fresh limit is had', () => {
  test.each<[string, number | string[], (i: number) => Record<string, string>]>([
    ['by X-Forwarded-For without a proxy', 0, (i) => forwarded(`192.0.2.${i}`)],
    ['by X-Forwarded-For from an address that is no proxy', ['192.0.2.1'], (i) => forwarded(`192.0.2.${i}`)],
    ['by Forwarded', 1, (i) => ({ ...forwarded('198.51.100.7'), Forwarded: `for=192.0.2.${i}` })],
    ['by X-Real-IP', 1, (i) => ({ ...forwarded('198.51.100.7'), 'X-Real-IP': `192.0.2.${i}` })],
    ['by what stands before the proxy’s own entry', 1, (i) => forwarded(`192.0.2.${i}, 198.51.100.7`)],
    ['by what stands before a trusted list', ['127.0.0.1'], (i) => forwarded(`192.0.2.${i}, 198.51.100.7`)],
    ['by another port', 1, (i) => forwarded(`198.51.100.7:${i + 1}`)],
    ['by another port of IPv6', 1, (i) => forwarded(`[2001:db8::1]:${i + 1}`)],
    ['by another address of the same /56', 1, (i) => forwarded(`2001:db8::${i}:1`)],
    [
      'by another spelling',
      1,
      (i) => forwarded(['198.51.100.7', '::ffff:198.51.100.7', '::FFFF:c633:6407'][i % 3] ?? ''),
    ],
    ['by what is no address', 1, (i) => forwarded(`made-up-${i}`)],
  ])('%s', async (_, trustProxy, headers) => {
    const service = await behind(trustProxy);
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) statuses.push((await ask(service, headers(i))).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429]);
  });
});

test.each<[string, number | string[]]>([
  ['a count', 1],
  ['a list', ['127.0.0.1']],
])('Callers behind a proxy that %s trusts have a limit each', async (_, trustProxy) => {
  const service = await behind(trustProxy, 1);
  for (let i = 0; i < 4; i += 1) expect((await ask(service, forwarded(`192.0.2.${i}`))).status).toBe(200);
  expect(warningsOf(service)).toEqual([]);
});

describe('The log warns, once', () => {
  test.each<[string, number | string[], Record<string, string>, string]>([
    [
      'where X-Forwarded-For comes and no proxy is expected',
      0,
      forwarded('192.0.2.1'),
      'X-Forwarded-For comes from',
    ],
    [
      'where it comes from another than the proxies',
      ['192.0.2.9'],
      forwarded('192.0.2.1'),
      'X-Forwarded-For comes from',
    ],
    ['where a proxy is expected and it does not come', 1, {}, 'X-Forwarded-For has fewer'],
    [
      'where more proxies are expected than there are',
      2,
      forwarded('192.0.2.1'),
      'X-Forwarded-For has fewer',
    ],
    ['where a proxy of the list sends none', ['127.0.0.1'], {}, 'X-Forwarded-For has fewer'],
  ])('%s', async (_, trustProxy, headers, warning) => {
    const service = await behind(trustProxy);
    for (let i = 0; i < 3; i += 1) await ask(service, headers);
    expect(warningsOf(service)).toEqual([expect.stringContaining(warning)]);
  });

  test.each<[string, number | string[], Record<string, string>]>([
    ['without a proxy', 0, {}],
    ['with as many proxies as are expected', 2, forwarded('192.0.2.1, 192.0.2.2')],
    ['with an address that came along', 1, forwarded('192.0.2.1, 192.0.2.2')],
  ])('but not %s', async (_, trustProxy, headers) => {
    const service = await behind(trustProxy);
    await ask(service, headers);
    expect(warningsOf(service)).toEqual([]);
  });

  test('but not of a health check, which comes around the proxy', async () => {
    const service = await behind(1);
    await call(service.url, '/readyz');
    expect(warningsOf(service)).toEqual([]);
  });
});
