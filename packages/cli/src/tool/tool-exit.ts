import type { Voice } from './voice.ts';

/** Why a tool ends, and with which exit code: the first reason counts. */
export class ToolExit {
  readonly reached: Promise<number>;
  readonly #voice: Voice;
  #resolve: (exitCode: number) => void = () => {};
  #isReached = false;
  #atOnce: () => void = () => {};

  constructor(voice: Voice) {
    this.#voice = voice;
    this.reached = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get isReached(): boolean {
    return this.#isReached;
  }

  /** What is done the moment that the end is reached, before anything else that has arrived is looked at. */
  atOnce(act: () => void): void {
    this.#atOnce = act;
  }

  /** @param theirs What mosquitto's tool says of it. @param ours What we say. */
  end(exitCode: number, theirs?: string, ours?: string): void {
    if (this.#isReached) return;
    this.#isReached = true;
    this.#atOnce();
    this.#voice.tell(theirs, ours);
    this.#resolve(exitCode);
  }
}
