/** Rows that are to be deleted, some in every batch: what is left of a session, or of its queue. */
export interface Grave {
  readonly number: number;
  readonly kind: 'chunks' | 'subscriptions';
  readonly session: number;
  /** Sequence numbers of chunks, the end excluded. */
  readonly from: number;
  readonly to: number;
}
