import { describe, expect, test } from 'vitest';
import { AddressList } from '../src/address-list.ts';
import { forwardedAddress } from '../src/forwarded-address.ts';

describe('AddressList', () => {
  const list = new AddressList(['192.0.2.1', '10.0.0.0/8', '2001:db8::/32', '::1', 'unix']);

  test.each(['192.0.2.1', '10.1.2.3', '2001:db8:1::5', '::1', 'unix'])('has %s', (address) => {
    expect(list.has(address)).toBe(true);
  });

  test.each(['192.0.2.2', '11.0.0.1', '2001:db9::1', '::2', '', 'memory', '10.0.0.0/8'])('has not %j', (address) => {
    expect(list.has(address)).toBe(false);
  });

  test.each(['localhost', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/', '10.0.0.0/8/9', '::/129', '::/1e1', '', '10.0.0'])(
    'refuses %j',
    (entry) => {
      expect(() => new AddressList([entry])).toThrow(`'${entry}' came (ERR_ADDRESS)`);
    },
  );
});

describe('forwardedAddress', () => {
  const trusted = new AddressList(['10.0.0.0/8', '::1']);
  const proxy = { address: '10.0.0.1', port: 40_000 };

  test.each([
    ['198.51.100.7', '198.51.100.7', 0],
    ['203.0.113.66, 198.51.100.7', '198.51.100.7', 0],
    ['203.0.113.66, 198.51.100.7, 10.9.9.9,::1', '198.51.100.7', 0],
    ['198.51.100.7:4711', '198.51.100.7', 4_711],
    ['2001:db8::7', '2001:db8::7', 0],
    ['[2001:db8::7]', '2001:db8::7', 0],
    ['[2001:db8::7]:4711', '2001:db8::7', 4_711],
    ['::ffff:198.51.100.7', '198.51.100.7', 0],
    ['10.2.2.2', '10.2.2.2', 0],
    ['198.51.100.7, unknown', '10.0.0.1', 40_000],
    ['198.51.100.7, 1.2.3.4:70000', '10.0.0.1', 40_000],
    ['198.51.100.7,', '10.0.0.1', 40_000],
    ['', '10.0.0.1', 40_000],
    [undefined, '10.0.0.1', 40_000],
  ])('%j names %s, port %i', (header, address, port) => {
    expect(forwardedAddress(proxy, header, trusted)).toEqual({ address, port });
  });

  test('from a peer that is not trusted names nobody', () => {
    const peer = { address: '203.0.113.66', port: 1 };
    expect(forwardedAddress(peer, '198.51.100.7', trusted)).toBe(peer);
  });
});
