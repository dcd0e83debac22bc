import { Stage } from '@busbar/protocol';
import type { Clock } from '../clock.ts';
import type { LinkGate } from '../dialer/link.ts';
import { ClientError, clientEnded } from '../errors.ts';
import type { Publication } from '../publish/publication.ts';
import type { PublishJournal } from '../publish/publish-journal.ts';
import { GroupCommit } from './group-commit.ts';
import type { RecordStore } from './record-store.ts';
import {
  encodeFlow,
  encodeMessage,
  encodeText,
  Key,
  LAYOUT_MARK,
  readSession,
  type StoredSession,
} from './stored-session.ts';

/**
 * Writes down what a client must remember to go on after a crash (section 4.1): which messages wait, how far each one in
 * flight has come, and which messages of QoS 2 it has taken.
 *
 * What it has not stored does not leave: its {@link gate} holds back PUBLISH packets until their Packet Identifiers are
 * stored, PUBREL until PUBREC is, PUBREC until the message's acceptance is. So whatever the server knows, the next run of the
 * program knows too.
 */
export class SessionJournal implements PublishJournal {
  readonly #store: RecordStore;
  readonly #clock: Clock;
  readonly #commit: GroupCommit;
  readonly #accepted = new Set<number>();
  /** What happened before the store was read: its keys are not known yet. */
  #early: (() => void)[] | undefined = [];
  /** What is added to a publication's key to make the store's: those of an earlier run are below 0. */
  #base = 0;
  #key = 0;
  /** Whether the store is this journal's, to be closed. */
  #isLoaded = false;
  #isClosed = false;

  /** @param handleFailed Told once when the store fails: from then on nothing can be sent. */
  constructor(store: RecordStore, clock: Clock, handleFailed: (error: ClientError) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#commit = new GroupCommit(store, (cause) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      handleFailed(new ClientError('store-failed', `the store failed: ${why}`, { cause }));
    });
  }

  get gate(): LinkGate {
    return this.#commit;
  }

  /**
   * Reads what an earlier run has left. Called once and first.
   *
   * @param clientIdentifier The client's own; undefined takes the store's.
   * @throws {ClientError} `store-mismatch`: it is the store of another client, or of another layout.
   */
  async load(clientIdentifier: string | undefined, maximumAgeMs: number): Promise<StoredSession> {
    this.#isLoaded = true;
    const records = await this.#store.load().catch((error: unknown) => {
      this.#isLoaded = false;
      throw error;
    });
    if (this.#isClosed) throw clientEnded();
    const offset = this.#clock.now() - this.#wallNow();
    const stored = readSession(records, (wallMs) => Math.min(wallMs, this.#wallNow()) + offset, maximumAgeMs);
    this.#base = stored.base;
    for (const packetId of stored.session.inbound.accepted) this.#accepted.add(packetId);
    const owner = stored.clientIdentifier;
    if (owner !== undefined && clientIdentifier !== undefined && owner !== clientIdentifier) {
      throw new ClientError('store-mismatch', `the store is that of client '${owner}', not of '${clientIdentifier}'`);
    }
    if (stored.isNew) this.#commit.put(Key.layout, LAYOUT_MARK);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const write of early) write();
    return stored;
  }

  /** The Client Identifier is settled. */
  handleIdentified(clientIdentifier: string): void {
    this.#commit.put(Key.clientIdentifier, encodeText(clientIdentifier));
  }

  nextKey(): number {
    return ++this.#key;
  }

  handleQueued({ key, message }: Publication): void {
    const value = encodeMessage(message, this.#wallNow());
    this.#write(() => this.#commit.put(Key.message(this.#base + key), value));
  }

  handleRequeued({ key }: Publication): void {
    this.#commit.put(Key.flow(this.#base + key), undefined);
  }

  handleSent({ key, message }: Publication, packetId: number, isNew: boolean): void {
    if (isNew) this.#commit.put(Key.message(this.#base + key), encodeMessage(message, this.#wallNow()));
    this.#commit.put(Key.flow(this.#base + key), encodeFlow(message.qos as Stage, packetId));
  }

  /** PUBREC has come: the message is the server's. */
  handleReceived({ key }: Publication, packetId: number): void {
    this.#commit.put(Key.flow(this.#base + key), encodeFlow(Stage.awaitingPubcomp, packetId));
    this.#commit.put(Key.message(this.#base + key), undefined);
  }

  handleDone({ key }: Publication): void {
    this.#write(() => {
      this.#commit.put(Key.message(this.#base + key), undefined);
      this.#commit.put(Key.flow(this.#base + key), undefined);
    });
  }

  /** A message of QoS 2 that came is this side's. */
  handleAccepted(packetId: number): void {
    this.#accepted.add(packetId);
    this.#commit.put(Key.accepted(packetId), new Uint8Array(0));
  }

  /** Its PUBREL has come. */
  handleReleased(packetId: number): void {
    if (this.#accepted.delete(packetId)) this.#commit.put(Key.accepted(packetId), undefined);
  }

  /** The server has lost the session: what it had sent is over. */
  handleSessionLost(): void {
    for (const packetId of this.#accepted) this.#commit.put(Key.accepted(packetId), undefined);
    this.#accepted.clear();
  }

  /** Resolves when everything up to now is stored; never before {@link load}, nor when the store fails. */
  flushed(): Promise<void> {
    if (this.#early === undefined) return this.#commit.flushed();
    return new Promise((resolve) => this.#write(() => this.#commit.flushed().then(resolve)));
  }

  /** Stores the rest, as far as the store does its duty, and closes it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#early === undefined) await this.#commit.settled();
    if (this.#isLoaded) await this.#store.close();
  }

  #write(write: () => void): void {
    if (this.#early === undefined) write();
    else this.#early.push(write);
  }

  #wallNow(): number {
    return this.#clock.wallNow?.() ?? Date.now();
  }
}
