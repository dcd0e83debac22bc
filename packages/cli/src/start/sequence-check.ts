/** Counts readings that carry a number `n`, and those that are missing between two that came. */
export class SequenceCheck {
  readonly #last = new Map<string, number>();
  numbered = 0;
  missing = 0;

  handle(topicName: string, payload: Uint8Array): void {
    const n = numberOf(payload);
    if (n === undefined) return;
    const last = this.#last.get(topicName);
    if (last === undefined || n > last) this.#last.set(topicName, n);
    this.numbered += 1;
    if (last !== undefined && n > last + 1) this.missing += n - last - 1;
  }
}

const LONGEST_READING = 256;

function numberOf(payload: Uint8Array): number | undefined {
  if (payload[0] !== 0x7b || payload.length > LONGEST_READING) return undefined;
  const [, digits] = /"n":(\d+)\}$/.exec(Buffer.from(payload).toString('latin1')) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
