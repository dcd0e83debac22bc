import { signalExitCode } from '../exit-code.ts';

/** Waits for SIGINT or SIGTERM, the wish that a command ends in order. */
export class StopSignal {
  /** Resolves with the first signal. */
  readonly received: Promise<NodeJS.Signals>;
  readonly #stopListening: () => void;

  /** @param beforeExit Called when a second signal ends the process at once: the last chance to repair the terminal. */
  constructor(beforeExit: () => void = () => {}) {
    let isReceived = false;
    let resolve: (signal: NodeJS.Signals) => void = () => {};
    this.received = new Promise((resolveIt) => {
      resolve = resolveIt;
    });
    const listeners = (['SIGINT', 'SIGTERM'] as const).map((signal) => {
      const listener = () => {
        if (isReceived) {
          beforeExit();
          process.exit(signalExitCode(signal));
        }
        isReceived = true;
        resolve(signal);
      };
      process.on(signal, listener);
      return { signal, listener };
    });
    this.#stopListening = () => {
      for (const { signal, listener } of listeners) process.off(signal, listener);
    };
  }

  /** Leaves the signals to whoever had them before. */
  ignore(): void {
    this.#stopListening();
  }
}
