import type { BrokerLimits } from '../config/limits.ts';

/** While memory is used up: slow readers lose first. */
const SCARCE_MAXIMUM = 65_536;

/** How many bytes may wait in a socket before messages wait in its session. */
export class BufferedBytes {
  maximum: number;
  readonly #limits: BrokerLimits;

  constructor(limits: BrokerLimits) {
    this.#limits = limits;
    this.maximum = limits.maximumBufferedBytes;
  }

  /** Limits have changed, or memory is used up, or there is enough again. */
  adjust(isOutOfMemory: boolean): void {
    this.maximum = isOutOfMemory ? SCARCE_MAXIMUM : this.#limits.maximumBufferedBytes;
  }
}
