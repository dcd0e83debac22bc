import type { Publication } from './publication.ts';

/** Where a publisher writes down how far each message has come, so that another run of the program can go on. */
export interface PublishJournal {
  /** A number for the next message; the larger, the later. */
  nextKey(): number;
  /** It waits. */
  handleQueued(publication: Publication): void;
  /** It waits again, because the session in which it was sent is gone. */
  handleRequeued(publication: Publication): void;
  /** It is about to leave. @param isNew It never waited. */
  handleSent(publication: Publication, packetId: number, isNew: boolean): void;
  /** It is over, well or not. */
  handleDone(publication: Publication): void;
}
