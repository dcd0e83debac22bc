/** What a client has done and lost so far, as numbers. All but the last four only grow. */
export interface ClientCounters {
  readonly attemptsFailed: number;
  readonly connections: number;
  /** Messages sent, those sent again not counted. */
  readonly published: number;
  /** Publications that ended in an error, for whatever reason. */
  readonly publishesFailed: number;
  /** Messages that came. */
  readonly received: number;
  /** Messages that no handler, iterator or listener took. */
  readonly unhandled: number;
  /** Messages dropped because a subscription's buffer was full. */
  readonly bufferDropped: number;
  /** Waiting messages dropped because the queue was full. */
  readonly queueDropped: number;
  /** Messages that expired while they waited to be sent. */
  readonly queueExpired: number;
  /** Handlers and listeners that threw. */
  readonly handlerErrors: number;
  /** Messages that wait to be sent, at this moment. */
  readonly queued: number;
  readonly queuedBytes: number;
  /** Messages of QoS 1 and 2 that are sent and not done, at this moment. */
  readonly inFlight: number;
  /** Messages of QoS 1 and 2 that have come and are not acknowledged yet, at this moment. */
  readonly unacknowledged: number;
}

/** The counters that are counted, as opposed to looked up. */
export class Tally {
  attemptsFailed = 0;
  connections = 0;
  published = 0;
  publishesFailed = 0;
  received = 0;
  unhandled = 0;
  bufferDropped = 0;
  queueDropped = 0;
  queueExpired = 0;
  handlerErrors = 0;
}
