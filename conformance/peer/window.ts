/** Lets so many in at a time, in the order of asking: the sender's half of Receive Maximum (section 4.9). */
export class Window {
  #inside = 0;
  readonly #waiting: (() => void)[] = [];

  async enter(size: number): Promise<void> {
    if (this.#inside < size && this.#waiting.length === 0) {
      this.#inside++;
      return;
    }
    // Whoever leaves hands its place on.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#inside--;
    else next();
  }
}
