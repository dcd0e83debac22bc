import type { ApplicationMessage } from '@busbar/protocol';

/** A message that several queues hold, or held when it was written: it has a record and a count of its own. */
export class SharedMessage {
  readonly message: ApplicationMessage;
  /** 0 as long as it has no record. */
  number: number;
  /** By how much its entries have become more, or fewer, since the batch before. */
  change = 0;
  /** The same, of the batch that is being written. */
  written = 0;

  constructor(message: ApplicationMessage, number = 0) {
    this.message = message;
    this.number = number;
  }
}
