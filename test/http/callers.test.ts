import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { callerAddress } from '../../src/http/callers.ts';

const known = (forwarded: string | undefined, peer: string | undefined = '198.51.100.1') =>
  callerAddress(forwarded, peer);

describe('A caller', () => {
  test('of IPv4 is known by its address', () => {
    expect(known('192.0.2.7')).toBe('192.0.2.7');
  });

  test.each([
    '::ffff:192.0.2.7',
    '::FFFF:192.0.2.7',
    '::ffff:c000:207',
    '0:0:0:0:0:ffff:192.0.2.7',
    '0000:0000:0000:0000:0000:ffff:c000:0207',
    '192.0.2.7:1234',
    '192.0.2.7:65535',
    '[::ffff:192.0.2.7]:443',
  ])('written as %s is the same as 192.0.2.7', (ip) => {
    expect(known(ip)).toBe('192.0.2.7');
  });

  test('of IPv6 is known by its /56', () => {
    const caller = known('2001:db8:1:2200::1');
    expect(known('2001:db8:1:22ff:ffff:ffff:ffff:ffff')).toBe(caller);
    expect(known('[2001:DB8:1:2200::9]:443')).toBe(caller);
    expect(known('[2001:db8:1:2200::9]')).toBe(caller);
    expect(known('2001:db8:1:2300::1')).not.toBe(caller);
    expect(known('2001:db8:2:2200::1')).not.toBe(caller);
  });

  test('of a link-local address is the same by every interface', () => {
    expect(known('fe80::1%eth0')).toBe(known('fe80::1%eth1'));
  });

  test.each([
    'unknown',
    '_hidden',
    '',
    'localhost',
    '192.0.2.7:',
    '192.0.2.7:123456',
    '192.0.2.7.evil',
    '[::1',
    undefined,
  ])('whom a proxy calls %j counts for the proxy', (forwarded) => {
    expect(known(forwarded)).toBe('198.51.100.1');
  });

  test('gets no key of its own by making an address up', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(known(text)).toMatch(/^(198\.51\.100\.1|[\d.]{7,15}|[0-9a-f:]+\/56)$/);
      }),
    );
  });
});

test('A socket that is gone has no address', () => {
  expect(callerAddress(undefined, undefined)).toBe('unknown');
});
