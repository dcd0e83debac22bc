/** Why a command ends, and with which exit code: the first reason counts. */
export class Ending {
  readonly reached: Promise<number>;
  readonly #tell: (line: string) => void;
  #resolve: (exitCode: number) => void = () => {};
  #isReached = false;

  /** @param tell Takes the line that says why. */
  constructor(tell: (line: string) => void) {
    this.#tell = tell;
    this.reached = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get isReached(): boolean {
    return this.#isReached;
  }

  end(exitCode: number, line?: string): void {
    if (this.#isReached) return;
    this.#isReached = true;
    if (line !== undefined) this.#tell(line);
    this.#resolve(exitCode);
  }
}
