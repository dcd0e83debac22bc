/** The largest value a Variable Byte Integer can hold (section 1.5.5): 268,435,455. */
export const MAXIMUM_VARIABLE_BYTE_INTEGER = 0x0fff_ffff;

/** How many bytes a Variable Byte Integer takes on the wire: 1 to 4. */
export function variableByteIntegerLength(value: number): 1 | 2 | 3 | 4 {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20_0000 ? 3 : 4;
}

/** Writes a Variable Byte Integer in its shortest form [MQTT-1.5.5-1] and answers where it ends. */
export function writeVariableByteInteger(value: number, into: Uint8Array, start: number): number {
  let at = start;
  let rest = value;
  while (rest >= 0x80) {
    into[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  into[at++] = rest;
  return at;
}
