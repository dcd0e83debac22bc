import { utf8ByteLength } from '@busbar/codec';

const LARGEST_TEXT_BYTES = 65_535;
/** Characters that are shown of one that cannot be used. */
const LONGEST_SHOWN = 64;

/**
 * Why what a certificate, a token or a program gives cannot be a User Name (section 3.1.3.5); undefined when it can. A client can
 * send none of these: in rules, logs and as a Client Identifier they would be what nobody has allowed for.
 */
export function userNameFault(userName: string): string | undefined {
  if (userName === '') return 'it is empty, which is none';
  const byteLength = utf8ByteLength(userName);
  if (byteLength > LARGEST_TEXT_BYTES) return `it has ${byteLength} bytes, MQTT carries ${LARGEST_TEXT_BYTES}`;
  if (byteLength >= 0) return undefined;
  // JSON writes both as escapes.
  return `it has U+0000 or a lone surrogate in it: ${JSON.stringify(userName.slice(0, LONGEST_SHOWN))}`; // [MQTT-1.5.4-1] [MQTT-1.5.4-2]
}
