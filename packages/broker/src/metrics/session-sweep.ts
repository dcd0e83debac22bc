import { setImmediate } from 'node:timers/promises';
import type { Session } from '../session/session.ts';

/** Sessions that are looked at before others in the process have their turn: half a millisecond. */
const SESSIONS_IN_A_ROW = 4_000;

/** What all sessions have in hand together. */
export interface SessionSweep {
  /** Messages that wait in queues, and how many sessions have such. */
  readonly queued: number;
  readonly sessionsWaiting: number;
  /** Messages in the longest queue. */
  readonly longestQueue: number;
  /** Deliveries of QoS 1 and 2 whose flow is not complete. */
  readonly inFlight: number;
}

/** Adds up what sessions have in hand, part by part, so that a million of them stop nobody. */
export async function sweepSessions(sessions: Iterable<Session>): Promise<SessionSweep> {
  let queued = 0;
  let sessionsWaiting = 0;
  let longestQueue = 0;
  let inFlight = 0;
  let seen = 0;
  for (const session of sessions) {
    const { length } = session.record.queue;
    queued += length;
    if (length > 0) sessionsWaiting++;
    longestQueue = Math.max(longestQueue, length);
    inFlight += session.inFlight;
    if (++seen % SESSIONS_IN_A_ROW === 0) await setImmediate();
  }
  return { queued, sessionsWaiting, longestQueue, inFlight };
}
