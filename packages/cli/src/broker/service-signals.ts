import type { BrokerLog } from '@busbar/broker';

/**
 * Signals that do not end a broker. SIGHUP reads the configuration again. Mosquitto saves its database at SIGUSR1 and prints its
 * subscriptions at SIGUSR2; here they change nothing, but without a listener Node would open its debugger, or end.
 */
export class ServiceSignals {
  readonly #listeners = new Map<NodeJS.Signals, () => void>();
  /** Undefined while the broker starts. */
  #reload: (() => void) | undefined;
  #isReloadWanted = false;

  /** @param takesHangUp Whether there is something to read again; otherwise SIGHUP is not its business. */
  constructor(log: BrokerLog, takesHangUp: boolean) {
    for (const signal of ['SIGUSR1', 'SIGUSR2'] as const)
      this.#listeners.set(signal, () => log.info({ signal }, 'this signal changes nothing'));
    if (takesHangUp) this.#listeners.set('SIGHUP', () => this.#handleHangUp());
    for (const [signal, listener] of this.#listeners) process.on(signal, listener);
  }

  /** Says what SIGHUP does from now on; one that came before is made up for. */
  handleHangUpWith(reload: () => void): void {
    this.#reload = reload;
    if (this.#isReloadWanted) reload();
    this.#isReloadWanted = false;
  }

  /** Leaves the signals to whoever had them before. */
  ignore(): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
  }

  #handleHangUp(): void {
    if (this.#reload === undefined) this.#isReloadWanted = true;
    else this.#reload();
  }
}
