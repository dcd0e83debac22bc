import type { BrokerLog } from '../observe/log.ts';
import { type Later, QuietLine } from '../observe/quiet-line.ts';

/** Lines about the coming and going of clients that are written in a second: a plant that starts has them all, a flood has not. */
const ORDINARY = 200;
/** Lines about what a client does wrong. */
const FAULTY = 100;

/** What the entrance says in the log and peers can bring about, each line with a bound of its own. */
export interface EntranceLines {
  readonly arrived: QuietLine;
  readonly connected: QuietLine;
  readonly ended: QuietLine;
  /** What a client did wrong, or not in time. */
  readonly faulted: QuietLine;
  /** The same before it was let in: strangers hide nothing of what clients do. */
  readonly strangerEnded: QuietLine;
  readonly strangerFaulted: QuietLine;
  readonly ofAnother: QuietLine;
  readonly unauthenticated: QuietLine;
  readonly deniedPublish: QuietLine;
  readonly refusedSubscription: QuietLine;
  readonly mistake: QuietLine;
}

export function linesOf(log: BrokerLog, later: Later): EntranceLines {
  const ordinary = (level: 'debug' | 'info', message: string): QuietLine =>
    new QuietLine(log, message, { level, perSecond: ORDINARY, later });
  const faulty = (message: string, level: 'warn' | 'error' = 'warn'): QuietLine =>
    new QuietLine(log, message, { level, perSecond: FAULTY, later });
  return {
    arrived: ordinary('debug', 'a connection has come'),
    connected: ordinary('info', 'connected'),
    ended: ordinary('info', 'a connection has ended'),
    faulted: faulty('a connection has ended because of its client'),
    strangerEnded: ordinary('info', 'a connection has ended before CONNECT was accepted'),
    strangerFaulted: faulty('a connection has ended because of its peer, before CONNECT was accepted'),
    ofAnother: faulty('the Client Identifier belongs to a session of another user'),
    unauthenticated: faulty('authentication failed to answer', 'error'),
    deniedPublish: new QuietLine(log, 'a client may not publish to a topic', { later }),
    refusedSubscription: faulty('subscription refused'),
    mistake: faulty('an internal error ends a connection', 'error'),
  };
}
