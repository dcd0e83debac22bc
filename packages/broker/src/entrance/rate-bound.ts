import { type PublishView, ReasonCode } from '@busbar/codec';
import type { ServerConnection } from '@busbar/protocol';
import type { BrokerRooms } from './broker-rooms.ts';
import type { ClientOutput } from './client-output.ts';
import { ClientRate, type RateLimit } from './client-rate.ts';

/** Whose rate it is, for the log. */
interface Bounded {
  readonly client: string;
  readonly remote: string;
}

/** Holds one client to its {@link ClientRate}: does not read it for a while, refuses what it publishes, or cuts it off. */
export class RateBound {
  readonly #rooms: BrokerRooms;
  readonly #connection: ServerConnection;
  readonly #output: ClientOutput;
  readonly #rate: ClientRate;
  readonly #bounded: Bounded;

  /** @returns Undefined where the client may publish as much as it likes. */
  static of(
    rooms: BrokerRooms,
    connection: ServerConnection,
    output: ClientOutput,
    bounded: Bounded,
  ): RateBound | undefined {
    const rate = ClientRate.of(rooms.limits, rooms.clock.now());
    return rate === undefined ? undefined : new RateBound(rooms, connection, output, rate, bounded);
  }

  private constructor(
    rooms: BrokerRooms,
    connection: ServerConnection,
    output: ClientOutput,
    rate: ClientRate,
    bounded: Bounded,
  ) {
    this.#rooms = rooms;
    this.#connection = connection;
    this.#output = output;
    this.#rate = rate;
    this.#bounded = bounded;
  }

  /** Why the latest message was refused; undefined when it was not. */
  get refusal(): string | undefined {
    return this.#rate.refusal;
  }

  /** A chunk of so many bytes has been read: what is beyond the rate is waited for. */
  handleBytes(byteLength: number, now: number): void {
    const excess = this.#rate.takeExcess(byteLength, now);
    if (excess === undefined) return;
    this.#tell(excess.limit, { pausedMs: Math.ceil(excess.waitMs) });
    this.#output.hold(now + excess.waitMs);
  }

  /**
   * A message has come. At QoS 0 and below 5.0 the client cannot be told that it is refused: then it is lost, and counted.
   *
   * @returns The Reason Code that it is refused with; undefined when it is to be routed.
   */
  refusalOf({ start, end, qos, topicBytes, topicStart, topicEnd }: PublishView): ReasonCode | undefined {
    const { limits, ledger, router, clock } = this.#rooms;
    if (this.#rate.admits(end - start, clock.now())) return undefined;
    this.#tell(this.#rate.refusedBy, {});
    if (qos === 0 || this.#connection.version !== 5 || limits.ratePolicy === 'disconnect') {
      ledger.countRefusal('rate-too-high', router.routeOf(topicBytes, topicStart, topicEnd).topicName);
    }
    if (limits.ratePolicy !== 'disconnect') return ReasonCode.quotaExceeded;
    this.#connection.disconnect(ReasonCode.messageRateTooHigh, this.refusal ?? '');
    return ReasonCode.messageRateTooHigh;
  }

  #tell(limit: RateLimit, fields: object): void {
    const { limitWatch, limits } = this.#rooms;
    limitWatch.handleReached(limit, { ...this.#bounded, allowed: limits[limit], ...fields });
  }
}
