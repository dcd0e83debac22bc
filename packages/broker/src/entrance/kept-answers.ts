/** Answers to a client that wait, in order, until the store has kept what they promise: CONNACK, SUBACK, UNSUBACK. */
export class KeptAnswers {
  readonly #waiting: { readonly mark: number; readonly answer: () => void }[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  push(mark: number, answer: () => void): void {
    this.#waiting.push({ mark, answer });
  }

  /** Gives every answer that is kept now. */
  give(keptMark: number): void {
    let ready = 0;
    while (ready < this.#waiting.length && (this.#waiting[ready]?.mark ?? 0) <= keptMark) ready++;
    for (const { answer } of this.#waiting.splice(0, ready)) answer();
  }
}
