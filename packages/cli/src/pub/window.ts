/** Bounds how many things are under way at a time. */
export class Window {
  readonly #size: number;
  #underWay = 0;
  #wake: () => void = () => {};

  constructor(size: number) {
    this.#size = size;
  }

  /** Waits for a place and takes it. One caller at a time. */
  async enter(): Promise<void> {
    while (this.#underWay >= this.#size) await this.#change();
    this.#underWay += 1;
  }

  leave(): void {
    this.#underWay -= 1;
    this.#wake();
  }

  /** Waits until nothing is under way. */
  async empty(): Promise<void> {
    while (this.#underWay > 0) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
