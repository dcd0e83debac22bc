import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../src/crc32c.ts';
import { decodeProxyHeader } from '../src/proxy-header.ts';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const REST = Buffer.from([0x10, 0x0c, 0x00, 0x04]);

function binary(versionAndCommand: number, family: number, body: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([SIGNATURE, Uint8Array.of(versionAndCommand, family), length, body]);
}

const ipv4 = Buffer.from('c0000207c000020115a3075b', 'hex');
const ipv6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from('20010db8000000000000000000000002', 'hex'),
  Buffer.from('ffff075b', 'hex'),
]);
const mapped = Buffer.concat([Buffer.from('00000000000000000000ffffc0000207', 'hex'), ipv6.subarray(16)]);
const moreValues = Buffer.from('04000100' + 'ea0004a1b2c3d4', 'hex');

function value(type: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(type, bytes.length >> 8, bytes.length & 0xff), bytes]);
}

const WRONG_CHECKSUM = value(0x03, Buffer.from('a1b2c3d4', 'hex'));

/** With a checksum between other values. */
function checked(family: number, addresses: Uint8Array): Buffer {
  const before = Buffer.concat([addresses, value(0x04, Buffer.alloc(5))]);
  const header = binary(
    0x21,
    family,
    Buffer.concat([before, value(0x03, Buffer.alloc(4)), value(0x01, Buffer.from('mqtt'))]),
  );
  header.writeUInt32BE(crc32c(header), 16 + before.length + 3);
  return header;
}

const HEADERS: [string, Buffer, { address: string; port: number } | undefined][] = [
  ['v1 TCP4', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 5539 1883\r\n'), { address: '192.0.2.7', port: 5539 }],
  ['v1 TCP6', Buffer.from('PROXY TCP6 2001:db8::1 ::1 65535 1883\r\n'), { address: '2001:db8::1', port: 65_535 }],
  ['v1 UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), undefined],
  ['v1 UNKNOWN with more', Buffer.from(`PROXY UNKNOWN ${'f'.repeat(91)}\r\n`), undefined],
  ['v2 over IPv4', binary(0x21, 0x11, ipv4), { address: '192.0.2.7', port: 5539 }],
  ['v2 over IPv6', binary(0x21, 0x21, ipv6), { address: '2001:db8::1', port: 65_535 }],
  ['v2 over IPv6, an IPv4 address within', binary(0x21, 0x21, mapped), { address: '192.0.2.7', port: 65_535 }],
  [
    'v2 with further values',
    binary(0x21, 0x11, Buffer.concat([ipv4, moreValues])),
    { address: '192.0.2.7', port: 5539 },
  ],
  ['v2 LOCAL', binary(0x20, 0x00, new Uint8Array(0)), undefined],
  ['v2 LOCAL with addresses', binary(0x20, 0x11, ipv4), undefined],
  ['v2 of an unspecified family', binary(0x21, 0x00, Buffer.alloc(7)), undefined],
  ['v2 over a Unix socket', binary(0x21, 0x31, Buffer.alloc(216)), undefined],
  ['v2 over UDP', binary(0x21, 0x12, ipv4), undefined],
  [
    'v2 as long as is allowed',
    binary(0x21, 0x11, Buffer.concat([ipv4, value(0x04, Buffer.alloc(4_096 - 12 - 3))])),
    { address: '192.0.2.7', port: 5539 },
  ],
  ['v2 with its checksum', checked(0x11, ipv4), { address: '192.0.2.7', port: 5539 }],
  ['v2 with its checksum, over IPv6', checked(0x21, ipv6), { address: '2001:db8::1', port: 65_535 }],
  ['v2 LOCAL with a wrong checksum', binary(0x20, 0x11, Buffer.concat([ipv4, WRONG_CHECKSUM])), undefined],
  [
    'v2 of a proxy that ends TLS',
    binary(0x21, 0x11, Buffer.concat([ipv4, value(0x20, Buffer.from('0500000000' + '210007544c5376312e33', 'hex'))])),
    { address: '192.0.2.7', port: 5539 },
  ],
  [
    'v2 with a unique identifier as long as may be',
    binary(0x21, 0x11, Buffer.concat([ipv4, value(0x05, Buffer.alloc(128))])),
    { address: '192.0.2.7', port: 5539 },
  ],
];

describe.each(HEADERS)('%s', (_, header, source) => {
  test('is read, and what follows is left', () => {
    const expected = { byteLength: header.length, source };
    expect(decodeProxyHeader(header)).toEqual(expected);
    expect(decodeProxyHeader(Buffer.concat([header, REST]))).toEqual(expected);
  });

  test('is waited for as long as it is not complete', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: header.length - 1 }), (length) => {
        expect(decodeProxyHeader(header.subarray(0, length))).toBeUndefined();
      }),
    );
  });
});

test.each([
  [
    'MQTT',
    Buffer.from([0x10, 0x0c, 0x00, 0x04]),
    /expected a header of the PROXY protocol, bytes 10 0c 00 04 came \(ERR_/,
  ],
  ['TLS', Buffer.from('160301020001fc0303aabb', 'hex'), /bytes 16 03 01 02 00 01 fc 03 came/],
  ['a wrong beginning', Buffer.from('PROXX'), /bytes 50 52 4f 58 58 came/],
  ['a wrong signature', Buffer.from('0d0a0d0b', 'hex'), /bytes 0d 0a 0d 0b came/],
  ['another protocol', Buffer.from('PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n'), /expected TCP4, TCP6 or UNKNOWN/],
  ['addresses of the other family', Buffer.from('PROXY TCP4 ::1 ::1 1 2\r\n'), /expected two TCP4 addresses/],
  ['a missing address', Buffer.from('PROXY TCP4 192.0.2.7\r\n'), /expected two TCP4 addresses/],
  ['a name', Buffer.from('PROXY TCP4 localhost 192.0.2.1 1 2\r\n'), /expected two TCP4 addresses/],
  ['a port out of range', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 65536 2\r\n'), /expected two ports/],
  ['a port with a sign', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 -1 2\r\n'), /expected two ports/],
  ['a port with zeros', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 001 2\r\n'), /expected two ports/],
  ['a missing port', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n'), /expected two ports/],
  ['one part too many', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n'), /expected two ports/],
  ['a line without end', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(93)}`), /expected a line of at most 107 bytes/],
  ['version 3', binary(0x31, 0x11, ipv4), /expected version 2, 3 came/],
  ['an unknown command', binary(0x22, 0x11, ipv4), /expected the command LOCAL \(0\) or PROXY \(1\), 2 came/],
  ['a reserved family', binary(0x21, 0x41, ipv4), /expected a family that is known, 0x41 came/],
  ['a reserved protocol', binary(0x21, 0x13, ipv4), /expected a family that is known, 0x13 came/],
  ['too little for IPv4', binary(0x21, 0x11, ipv4.subarray(1)), /expected 12 bytes of IPv4 addresses, 11 came/],
  ['too little for IPv6', binary(0x21, 0x21, ipv4), /expected 36 bytes of IPv6 addresses, 12 came/],
  [
    'too little for Unix sockets',
    binary(0x21, 0x31, Buffer.alloc(215)),
    /expected 216 bytes of Unix addresses, 215 came/,
  ],
  [
    'a wrong checksum',
    binary(0x21, 0x11, Buffer.concat([ipv4, WRONG_CHECKSUM])),
    /the checksum 0x[\da-f]+, 0xa1b2c3d4 came/,
  ],
  [
    'a short checksum',
    binary(0x21, 0x11, Buffer.concat([ipv4, value(3, ipv4.subarray(0, 3))])),
    /4 bytes of checksum, 3 came/,
  ],
  [
    'half a value',
    binary(0x21, 0x11, Buffer.concat([ipv4, Buffer.alloc(2)])),
    /expected type and length of a value, 2 bytes/,
  ],
  [
    'a value that is longer than the header',
    binary(0x21, 0x11, Buffer.concat([ipv4, Buffer.from('04000200', 'hex')])),
    /a value of type 0x04 has 2 bytes, there are 1/,
  ],
  [
    'a long unique identifier',
    binary(0x21, 0x11, Buffer.concat([ipv4, value(5, Buffer.alloc(129))])),
    /at most 128 bytes, 129/,
  ],
  [
    'little about TLS',
    binary(0x21, 0x11, Buffer.concat([ipv4, value(0x20, Buffer.alloc(4))])),
    /5 bytes about TLS, 4 came/,
  ],
  [
    'values about TLS that do not fit',
    binary(0x21, 0x11, Buffer.concat([ipv4, value(0x20, Buffer.from('0500000000210008544c', 'hex'))])),
    /the values about TLS do not end/,
  ],
  ['too much', binary(0x21, 0x11, Buffer.alloc(4_097)).subarray(0, 16), /at most 4096 bytes .+ 4097 are announced/],
])('%s is refused', (_, bytes, message) => {
  expect(() => decodeProxyHeader(bytes)).toThrow(message);
  expect(() => decodeProxyHeader(bytes)).toThrow(expect.objectContaining({ code: 'ERR_PROXY_HEADER' }));
});

test('property: any bytes are a header, the beginning of one, or refused', () => {
  const prefix = fc.constantFrom(new Uint8Array(0), SIGNATURE, Buffer.from('PROXY '), Buffer.from('PROXY TCP4 '));
  fc.assert(
    fc.property(prefix, fc.uint8Array({ maxLength: 300 }), (start, bytes) => {
      const all = Buffer.concat([start, bytes]);
      try {
        const header = decodeProxyHeader(all);
        expect(header === undefined || header.byteLength <= all.length).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ name: 'TransportError', code: 'ERR_PROXY_HEADER' });
      }
    }),
  );
});

test('the checksum is that of RFC 3720, appendix B.4', () => {
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});
