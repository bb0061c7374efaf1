import { expect, test } from '@jest/globals';

import { callerAddress } from '../../src/http/caller-address.ts';

test('an IPv4 caller is known by its address', () => {
  expect(callerAddress('192.0.2.7')).toBe('192.0.2.7');
});

test.each(['::ffff:192.0.2.7', '::FFFF:192.0.2.7'])('%s is the same caller as 192.0.2.7', (ip) => {
  expect(callerAddress(ip)).toBe('192.0.2.7');
});

test('IPv6 callers are known by their /56', () => {
  const caller = callerAddress('2001:db8:1:2200::1');
  expect(callerAddress('2001:db8:1:22ff:ffff:ffff:ffff:ffff')).toBe(caller);
  expect(callerAddress('2001:db8:1:2300::1')).not.toBe(caller);
  expect(callerAddress('2001:db8:2:2200::1')).not.toBe(caller);
});

test('a socket that is gone has no address', () => {
  expect(callerAddress(undefined)).toBe('unknown');
});
