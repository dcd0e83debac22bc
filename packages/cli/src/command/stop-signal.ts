import { signalExitCode } from '../exit-code.ts';

/** Why a command is to end. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'time is over' | 'nobody reads';

/** Waits for the wish that a command ends in order: SIGINT, SIGTERM, or a call of {@link stop}. */
export class StopSignal {
  /** Resolves with the first reason. */
  readonly received: Promise<StopReason>;
  readonly #listeners: readonly { signal: 'SIGINT' | 'SIGTERM'; listener: () => void }[];
  #resolve: (reason: StopReason) => void = () => {};
  #isReceived = false;

  /** @param beforeExit Called when a second signal ends the process at once: the last chance to repair the terminal. */
  constructor(beforeExit: () => void = () => {}) {
    this.received = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#listeners = (['SIGINT', 'SIGTERM'] as const).map((signal) => {
      const listener = () => {
        if (this.#isReceived) {
          beforeExit();
          process.exit(signalExitCode(signal));
        }
        this.stop(signal);
      };
      process.on(signal, listener);
      return { signal, listener };
    });
  }

  /** Ends the command for a reason of its own. */
  stop(reason: StopReason): void {
    this.#isReceived = true;
    this.#resolve(reason);
  }

  /** Leaves the signals to whoever had them before. */
  ignore(): void {
    for (const { signal, listener } of this.#listeners) process.off(signal, listener);
  }
}
