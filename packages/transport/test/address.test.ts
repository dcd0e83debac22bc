import { formatAddress, numericAddress } from '@busbar/transport';
import { expect, test } from 'vitest';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::1', '::1'],
  ['::ffff:0:1', '::ffff:0:1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['fe80::aa:bb', 'fe80::aa:bb'],
  ['', ''],
])('numericAddress(%j) is %j', (address, expected) => {
  expect(numericAddress(address)).toBe(expected);
});

test.each([
  ['localhost', 'localhost:1883'],
  ['192.0.2.1', '192.0.2.1:1883'],
  ['::1', '[::1]:1883'],
])('formatAddress(%j) is %j', (host, expected) => {
  expect(formatAddress(host, 1883)).toBe(expected);
});
