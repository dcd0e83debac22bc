/** Writers of the few ASN.1 values (DER, ITU-T X.690) that certificates are made of. */
export const der = {
  sequence: (...items: readonly Uint8Array[]) => value(0x30, ...items),
  set: (...items: readonly Uint8Array[]) => value(0x31, ...items),
  /** Tag `[number]` around whole values. */
  explicit: (number: number, ...items: readonly Uint8Array[]) => value(0xa0 | number, ...items),
  /** Tag `[number]` in place of a primitive value's own. */
  implicit: (number: number, content: Uint8Array) => value(0x80 | number, content),
  integer: (number: number) => value(0x02, integerContent(number)),
  boolean: (is: boolean) => value(0x01, Uint8Array.of(is ? 0xff : 0)),
  bitString: (content: Uint8Array, unusedBits = 0) => value(0x03, Uint8Array.of(unusedBits), content),
  octetString: (content: Uint8Array) => value(0x04, content),
  utf8String: (text: string) => value(0x0c, Buffer.from(text)),
  /** Content of a string that a tag of its own stands before. */
  ascii: (text: string) => Buffer.from(text, 'latin1'),
  /** To the second; from 1950 to 2049, as certificates want it. */
  utcTime: (date: Date) =>
    value(
      0x17,
      Buffer.from(
        date
          .toISOString()
          .slice(2)
          .replace(/[-:T]|\.\d+/g, ''),
      ),
    ),
  /** `1.2.840.10045.4.3.2` */
  objectIdentifier: (dotted: string) => value(0x06, Uint8Array.from(identifierContent(dotted))),
};

function value(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  return Buffer.concat([Uint8Array.of(tag, ...lengthOf(content.length)), content]);
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

/** Non-negative: a leading zero keeps the sign bit clear. */
function integerContent(number: number): Uint8Array {
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Uint8Array.of(0), bytes]);
}

function identifierContent(dotted: string): number[] {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return [first * 40 + second, ...rest.flatMap(base128)];
}

function base128(number: number): number[] {
  const digits = [number & 0x7f];
  for (let left = number >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}
