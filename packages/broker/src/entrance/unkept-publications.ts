import type { ReasonCode } from '@busbar/codec';
import type { Session } from '../session/session.ts';

/** A publication that is routed, and acknowledged as soon as the store has kept what it changed. */
export interface Unkept {
  readonly mark: number;
  /** Whose message it is: at QoS 2 its session is to know of it, whatever becomes of the connection. */
  readonly session: Session;
  readonly qos: 1 | 2;
  readonly packetId: number;
  readonly reasonCode: ReasonCode;
}

/** What one connection has brought and the store has not kept yet, in order. The client's Receive Maximum bounds it. */
export class UnkeptPublications {
  #waiting: Unkept[] = [];
  #head = 0;

  get isEmpty(): boolean {
    return this.#head === this.#waiting.length;
  }

  push(unkept: Unkept): void {
    this.#waiting.push(unkept);
  }

  /** The next one that is kept now. */
  take(keptMark: number): Unkept | undefined {
    const next = this.#waiting[this.#head];
    if (next === undefined || next.mark > keptMark) return undefined;
    this.#head++;
    if (this.isEmpty) {
      this.#waiting = [];
      this.#head = 0;
    }
    return next;
  }
}
