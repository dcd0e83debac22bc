import { Violation } from '../run/violation.ts';
import { hex } from './bytes.ts';
import { PROPERTY, type Properties, type PropertyDefinition, type PropertyName, type Sender } from './property.ts';

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const REPEATED: Readonly<Record<string, string>> = {
  userProperty: 'userProperties',
  subscriptionIdentifier: 'subscriptionIdentifiers',
};
const NAMES = new Map(Object.entries(PROPERTY).map(([name, { identifier }]) => [identifier, name as PropertyName]));

/** Reads the body of a packet, and refuses whatever the standard does not let its sender send. */
export class BodyReader {
  readonly #sender: Sender;
  readonly #packetName: string;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(sender: Sender, packetName: string, bytes: Uint8Array) {
    this.#sender = sender;
    this.#packetName = packetName;
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    return this.#take(1)[0] ?? 0;
  }

  u16(): number {
    return this.byte() * 256 + this.byte();
  }

  u32(): number {
    return this.u16() * 65_536 + this.u16();
  }

  integer(): number {
    let value = 0;
    for (let i = 0; i < 4; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 128 ** i;
      if (byte >= 0x80) continue;
      if (byte === 0 && i > 0) this.fail('a Variable Byte Integer in its shortest form [MQTT-1.5.5-1]');
      return value;
    }
    this.fail('a Variable Byte Integer of at most four bytes [MQTT-1.5.5-1]');
  }

  binary(): Uint8Array {
    return this.#take(this.u16());
  }

  text(): string {
    const bytes = this.binary();
    try {
      const value = STRICT.decode(bytes);
      if (value.includes('\0')) this.fail('no U+0000 in a string [MQTT-1.5.4-2]');
      return value;
    } catch (error) {
      if (error instanceof Violation) throw error;
      this.fail('well-formed UTF-8 [MQTT-1.5.4-1]');
    }
  }

  rest(): Uint8Array {
    return this.#take(this.left);
  }

  expectEnd(): void {
    if (this.left > 0) this.fail('the end of the packet');
  }

  /** Property Length and properties, each allowed here and given once unless it may be repeated (section 2.2.2). */
  properties(packetName = this.#packetName): Properties {
    const byteLength = this.integer();
    const end = this.#at + byteLength;
    if (end > this.#bytes.length) this.fail('a Property Length that fits into the packet');
    const properties: Record<string, unknown> = {};
    while (this.#at < end) this.#property(properties, packetName);
    if (this.#at !== end) this.fail('properties that end where the Property Length says');
    return properties as Properties;
  }

  #property(properties: Record<string, unknown>, packetName: string): void {
    const identifier = this.integer();
    const name = NAMES.get(identifier);
    if (name === undefined) this.fail(`a property that exists, not ${identifier}`);
    const definition: PropertyDefinition = PROPERTY[name];
    if (!definition.from[this.#sender].includes(packetName)) this.fail(`no ${name} from a ${this.#sender}`);
    const value = this.#value(definition);
    const list = REPEATED[name];
    if (list !== undefined) {
      properties[list] = [...((properties[list] as unknown[] | undefined) ?? []), value];
      return;
    }
    if (name in properties) this.fail(`${name} once`);
    properties[name] = value;
  }

  #value({ form }: PropertyDefinition): unknown {
    switch (form) {
      case 'byte':
        return this.byte();
      case 'u16':
        return this.u16();
      case 'u32':
        return this.u32();
      case 'integer':
        return this.integer();
      case 'text':
        return this.text();
      case 'binary':
        return this.binary();
      case 'pair':
        return [this.text(), this.text()];
    }
  }

  #take(byteLength: number): Uint8Array {
    if (this.left < byteLength) this.fail(`${byteLength} more bytes`);
    this.#at += byteLength;
    return this.#bytes.subarray(this.#at - byteLength, this.#at);
  }

  /** @throws {Violation} Always. */
  fail(expected: string): never {
    throw new Violation(`${expected} in ${this.#packetName}`, hex(this.#bytes));
  }
}
