import { utf8ByteLength } from '@busbar/codec';

const LARGEST_TEXT_BYTES = 65_535;

/** Why a program's text cannot be a UTF-8 Encoded String (section 1.5.4); undefined when it can. */
export function textFault(text: string): string | undefined {
  const byteLength = utf8ByteLength(text);
  if (byteLength < 0) return 'it has U+0000 or a lone surrogate in it'; // [MQTT-1.5.4-1] [MQTT-1.5.4-2]
  return byteLength > LARGEST_TEXT_BYTES ? `it has ${byteLength} bytes, MQTT carries ${LARGEST_TEXT_BYTES}` : undefined;
}
