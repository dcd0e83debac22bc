import { PROPERTIES } from '@busbar/codec';

/** One property as it was typed. */
export interface TypedProperty {
  readonly identifier: number;
  readonly bytes: Uint8Array;
}

const WILDCARD = /[+#]/;
const USER_PROPERTY = 38;
const NEVER_ZERO: ReadonlySet<number> = new Set([33, 34, 35, 39]);
const ZERO_OR_ONE: ReadonlySet<number> = new Set([1, 23, 25]);

/**
 * The properties that `-D` gives to one packet, as bytes in the order in which they were typed: that order is what
 * mosquitto's tools put on the wire.
 */
export class PropertyList {
  readonly #properties: TypedProperty[] = [];

  has(identifier: number): boolean {
    return this.#properties.some((property) => property.identifier === identifier);
  }

  /** The value of a number, undefined when it is not given. */
  numberOf(identifier: number): number | undefined {
    const found = this.#properties.find((property) => property.identifier === identifier);
    return found?.bytes.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  add(identifier: number, ...value: readonly Uint8Array[]): void {
    this.#properties.push({ identifier, bytes: Buffer.concat([Buffer.of(identifier), ...value]) });
  }

  addNumber(identifier: number, byteLength: 1 | 2 | 4, value: number): void {
    this.add(identifier, numberBytes(byteLength, value));
  }

  addText(identifier: number, text: string): void {
    this.add(identifier, lengthPrefixed(text));
  }

  /**
   * What the standard forbids of it: a property twice, a value out of its range. Undefined: nothing.
   *
   * @param isStrict Mosquitto's tools let the server judge of some.
   */
  faultOf(isStrict: boolean): 'duplicate' | 'value' | undefined {
    const seen = new Set<number>();
    for (const { identifier, bytes } of this.#properties) {
      if (identifier !== USER_PROPERTY && seen.has(identifier)) return 'duplicate';
      seen.add(identifier);
      const value = this.numberOf(identifier) ?? 0;
      if (NEVER_ZERO.has(identifier) && value === 0) return 'value';
      if (isStrict && ZERO_OR_ONE.has(identifier) && value > 1) return 'value';
      if (identifier === 8 && WILDCARD.test(Buffer.from(bytes.subarray(3)).toString())) return 'value';
    }
    return undefined;
  }

  /** All of them, without the Property Length. */
  get bytes(): Uint8Array {
    return Buffer.concat(this.#properties.map(({ bytes }) => bytes));
  }
}

/** The properties by the names that `-D` knows them by: `payload-format-indicator`. */
export const PROPERTY_BY_FLAG: ReadonlyMap<string, (typeof PROPERTIES)[number]> = new Map(
  PROPERTIES.map((property) => [property.title.toLowerCase().replaceAll(' ', '-'), property]),
);

/** A string or binary data with its length before it. */
export function lengthPrefixed(content: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(content);
  return Buffer.concat([numberBytes(2, bytes.length), bytes]);
}

export function numberBytes(byteLength: 1 | 2 | 4, value: number): Uint8Array {
  const bytes = Buffer.alloc(byteLength);
  bytes.writeUIntBE(value, 0, byteLength);
  return bytes;
}

/** A Variable Byte Integer (section 1.5.5). */
export function variableByteInteger(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    const byte = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? byte | 128 : byte);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}
