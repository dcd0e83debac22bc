/** Bytes in hexadecimal. */
export function hexOf(payload: Uint8Array): string {
  return Buffer.from(payload).toString('hex');
}

/** What was decoded, as JSON to read: bytes in hexadecimal, large numbers as they are. */
export function indented(value: unknown): string {
  const show = (_: string, each: unknown) => {
    if (each instanceof Uint8Array) return hexOf(each);
    return typeof each === 'bigint' ? each.toString() : each;
  };
  return JSON.stringify(value, show, 2) ?? 'undefined';
}
