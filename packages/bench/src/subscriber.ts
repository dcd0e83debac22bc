import { PacketType, type PublishView } from '@busbar/codec';
import { Acknowledgements } from './acknowledgements.ts';
import type { Link, LinkOwner } from './link.ts';
import type { BenchPlan } from './plan.ts';
import { SequenceProof } from './sequence-proof.ts';
import { readPublisher, readSequence, readTimeUs } from './stamp.ts';

/** What a subscriber tells of what comes. */
export interface SubscriberOwner {
  /** A message. @param advance How many messages of its publisher need not be waited for any more. @param isNew No duplicate. */
  handleDelivery(publisher: number, advance: number, isNew: boolean, timeUs: number): void;
  /** All messages that came together have been told. */
  handleDeliveriesEnd(): void;
  /** Something came that nobody has published. */
  handleForeign(): void;
}

/** Identifiers of QoS 2 messages between PUBLISH and PUBREL: a bit each. */
const IDENTIFIERS = 65_536 / 8;

/** One client that subscribes, acknowledges, and accounts for the numbers of what comes. */
export class Subscriber implements LinkOwner {
  readonly index: number;
  readonly link: Link;
  /** For each publisher from the first one on; shared with the others that share the subscription. */
  readonly proofs: readonly SequenceProof[];
  /** The index of the first publisher that this one gets messages of. */
  readonly firstPublisher: number;
  /** Members of a shared subscription: late messages, which the common proofs cannot tell. */
  reordered = 0;
  readonly #size: number;
  readonly #owner: SubscriberOwner;
  readonly #acknowledgements: Acknowledgements;
  readonly #unreleased: Uint8Array | undefined;
  /** Of a member of a shared subscription: the highest number of each publisher that came here. */
  readonly #latest: Float64Array | undefined;

  /** @param common The proofs of the group that shares the subscription. */
  constructor(plan: BenchPlan, index: number, link: Link, owner: SubscriberOwner, common?: readonly SequenceProof[]) {
    this.index = index;
    this.link = link;
    this.proofs = common ?? proofsFor(plan.workload === 'pairs' ? 1 : plan.publishers);
    this.firstPublisher = plan.workload === 'pairs' ? index : 0;
    this.#size = plan.size;
    this.#owner = owner;
    this.#acknowledgements = new Acknowledgements(link.transport);
    this.#unreleased = plan.qos === 2 ? new Uint8Array(IDENTIFIERS) : undefined;
    this.#latest = common !== undefined ? new Float64Array(plan.publishers).fill(-1) : undefined;
    link.attach(this);
  }

  handlePublish(view: PublishView): void {
    const { qos, packetId, bytes, propertiesEnd: payload, end } = view;
    if (qos === 1) this.#acknowledgements.add(PacketType.puback, packetId);
    else if (qos === 2) {
      this.#acknowledgements.add(PacketType.pubrec, packetId);
      if (!this.#isFirst(packetId)) return; // [MQTT-4.3.3-10]
    }
    const publisher = end - payload === this.#size ? readPublisher(bytes, payload) : -1;
    const proof = this.proofs[publisher - this.firstPublisher];
    if (proof === undefined) return this.#owner.handleForeign();
    const sequence = readSequence(bytes, payload);
    const { duplicates } = proof;
    const advance = proof.accept(sequence);
    const isNew = proof.duplicates === duplicates;
    if (this.#latest !== undefined && isNew) this.#noteOrder(this.#latest, publisher, sequence);
    this.#owner.handleDelivery(publisher, advance, isNew, readTimeUs(bytes, payload));
  }

  handleAcknowledgement(type: number, packetId: number): void {
    if (type !== PacketType.pubrel) return this.#owner.handleForeign();
    const unreleased = this.#unreleased;
    if (unreleased !== undefined)
      unreleased[packetId >> 3] = (unreleased[packetId >> 3] as number) & ~(1 << (packetId & 7));
    this.#acknowledgements.add(PacketType.pubcomp, packetId);
  }

  handleChunkEnd(): void {
    this.#acknowledgements.flush();
    this.#owner.handleDeliveriesEnd();
  }

  handleWritable(): void {}

  #isFirst(packetId: number): boolean {
    const unreleased = this.#unreleased;
    if (unreleased === undefined) return true;
    const bit = 1 << (packetId & 7);
    const byte = unreleased[packetId >> 3] as number;
    unreleased[packetId >> 3] = byte | bit;
    return (byte & bit) === 0;
  }

  #noteOrder(latest: Float64Array, publisher: number, sequence: number): void {
    if (sequence > (latest[publisher] as number)) latest[publisher] = sequence;
    else this.reordered++;
  }
}

/** A proof for each of so many publishers. */
export function proofsFor(publishers: number): SequenceProof[] {
  return Array.from({ length: publishers }, () => new SequenceProof());
}
