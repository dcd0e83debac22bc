import type { Delivery } from '@busbar/protocol';
import type { Identity } from '../authorization/identity.ts';
import { HookMessage } from '../hook/hook-message.ts';
import type { Hooks } from '../hook/hooks.ts';
import type { LossLedger, LossReason } from '../observe/loss-ledger.ts';
import { MountPoint } from './mount-point.ts';

/** Whose view it is. */
export interface Viewer {
  readonly clientIdentifier: string;
  readonly identity: Identity;
  /** By the rules, which see topics with their prefix. */
  mayReceive(topicName: string): boolean;
}

/** What a view needs of the rooms around it. */
export interface ViewRooms {
  readonly ledger: LossLedger;
  /** Hooks that see what each client is given; undefined where nobody wants to. */
  readonly deliver?: Hooks['deliver'];
}

/** How messages look to a client that does not get them as they are: below its mount point, and as hooks change them. */
export class ClientView {
  /** Where its client's topics are; undefined where they are everybody's. */
  readonly mountPoint: MountPoint | undefined;
  readonly #viewer: Viewer;
  readonly #rooms: ViewRooms;

  private constructor(mountPoint: MountPoint | undefined, viewer: Viewer, rooms: ViewRooms) {
    this.mountPoint = mountPoint;
    this.#viewer = viewer;
    this.#rooms = rooms;
  }

  /** The view of a client, as its identity is now; undefined where it gets messages as they are. */
  static of(viewer: Viewer, rooms: ViewRooms): ClientView | undefined {
    const { mountPoint } = viewer.identity;
    if (mountPoint === undefined && rooms.deliver === undefined) return undefined;
    return new ClientView(mountPoint === undefined ? undefined : new MountPoint(mountPoint), viewer, rooms);
  }

  /** Whether the rules let it have messages of a topic that its client calls by this name. */
  mayReceive(topicName: string): boolean {
    return this.#viewer.mayReceive((this.mountPoint?.prefix ?? '') + topicName);
  }

  /** A delivery as the client sees it; undefined, and lost, where its topic is outside of what the client has, or hooks drop it. */
  see(delivery: Delivery, now: number): Delivery | undefined {
    const { mountPoint } = this;
    if (mountPoint === undefined) return this.#hooked(delivery, now);
    if (mountPoint.holds(delivery.message.topicName)) return this.#hooked(mountPoint.leave(delivery), now);
    return this.#lose('not-authorized', delivery);
  }

  #hooked(delivery: Delivery, now: number): Delivery | undefined {
    const { deliver } = this.#rooms;
    if (deliver === undefined) return delivery;
    const message = HookMessage.of(delivery.message);
    const passed = deliver(message, this.#viewer.identity);
    if (passed === message) return delivery;
    if (passed === undefined) return this.#lose('dropped-by-hook', delivery);
    const isRenamed = passed.topicName !== message.topicName;
    if (isRenamed && !this.mayReceive(passed.topicName)) return this.#lose('not-authorized', delivery);
    return delivery.withMessage(passed.inPlaceOf(delivery.message, now));
  }

  #lose(reason: LossReason, { message }: Delivery): undefined {
    this.#rooms.ledger.count(reason, this.#viewer.clientIdentifier, message.topicName);
  }
}
