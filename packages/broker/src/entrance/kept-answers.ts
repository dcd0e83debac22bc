interface KeptAnswer {
  readonly mark: number;
  readonly answer: () => void;
  readonly isOld: boolean;
}

/** Answers to a client that wait, in order, until the store has kept what they promise: CONNACK, SUBACK, UNSUBACK. */
export class KeptAnswers {
  readonly #waiting: KeptAnswer[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** @param isOld Whether what it promises is kept already. */
  push(mark: number, answer: () => void, isOld: boolean): void {
    this.#waiting.push({ mark, answer, isOld });
  }

  /** Gives every answer that is kept now. */
  give(keptMark: number): void {
    this.#giveFirst(({ mark }) => mark <= keptMark);
  }

  /** Gives those that need not wait, as far as none does before them. @returns Whether there were any. */
  giveOld(): boolean {
    return this.#giveFirst(({ isOld }) => isOld) > 0;
  }

  #giveFirst(isReady: (waiting: KeptAnswer) => boolean): number {
    const waiting = this.#waiting.findIndex((each) => !isReady(each));
    const ready = this.#waiting.splice(0, waiting < 0 ? this.#waiting.length : waiting);
    for (const { answer } of ready) answer();
    return ready.length;
  }
}
