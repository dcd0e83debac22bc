const SLAB_SIZE = 16 * 1024;

/** Memory for packets that are written from texts with a character for each byte. What has been written is never written over. */
export class TextSlab {
  /** Where the last one lies. */
  bytes: Buffer = Buffer.alloc(0);
  #used = 0;

  /** @param text At most 16 KiB. @returns Where it begins in {@link bytes}. */
  write(text: string): number {
    if (this.#used + text.length > this.bytes.length) {
      this.bytes = Buffer.allocUnsafeSlow(SLAB_SIZE);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += this.bytes.write(text, start, 'latin1');
    return start;
  }
}
