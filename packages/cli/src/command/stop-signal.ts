import { signalExitCode } from '../exit-code.ts';

/** Why a command is to end. */
export type StopReason = Signal | 'time is over' | 'nobody reads';

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Waits for the wish that a command ends in order: a signal, or a call of {@link stop}. */
export class StopSignal {
  /** Resolves with the first reason. */
  readonly received: Promise<StopReason>;
  readonly #listeners: readonly { signal: Signal; listener: () => void }[];
  #resolve: (reason: StopReason) => void = () => {};
  #isReceived = false;

  /**
   * @param beforeExit Called when a second signal ends the process at once: the last chance to repair the terminal.
   * @param signals Those that end the command.
   */
  constructor(beforeExit: () => void = () => {}, signals: readonly Signal[] = ['SIGINT', 'SIGTERM']) {
    this.received = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#listeners = signals.map((signal) => {
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
