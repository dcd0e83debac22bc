import assert from 'node:assert/strict';
import type { ByteTransport } from '@busbar/transport';
import { TransportError } from '@busbar/transport';
import { RecordingReceiver } from './recording-receiver.ts';

/** Two connected ends, neither attached, and a way to break what joins them. */
export interface ConnectedPair {
  readonly near: ByteTransport;
  readonly far: ByteTransport;
  /** The far end vanishes: `near` sees a reset, not an end. */
  reset(): void;
}

/** Makes a new pair for one case. @param limits What the case needs smaller than the defaults. */
export type ConnectPair = (limits: { readonly endTimeoutMs?: number }) => Promise<ConnectedPair>;

/** One promise of the contract, to be run by any test runner. */
export interface ContractCase {
  readonly name: string;
  run(connect: ConnectPair): Promise<void>;
}

export const MEBIBYTE = 1_048_576;
export const HIGH_WATER_MARK = 65_536;

export async function open(connect: ConnectPair, limits: { readonly endTimeoutMs?: number } = {}) {
  const pair = await connect(limits);
  const atNear = new RecordingReceiver().attachTo(pair.near);
  const atFar = new RecordingReceiver().attachTo(pair.far);
  return { ...pair, atNear, atFar };
}

export async function close(near: ByteTransport, atNear: RecordingReceiver, atFar: RecordingReceiver): Promise<void> {
  near.end();
  await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
  assertClosedInOrder(atNear);
  assertClosedInOrder(atFar);
}

/** Writes until the transport says that it is not writable, and that lasts; gives the number of bytes written. */
export async function fill(transport: ByteTransport): Promise<number> {
  const piece = pattern(MEBIBYTE, 1);
  let written = 0;
  const write = () => {
    assert.ok(written < 256 * MEBIBYTE, 'the transport has no back-pressure');
    transport.write(piece);
    written += piece.byteLength;
  };
  do {
    while (transport.isWritable) write();
    await turns(); // where TLS lies between, all that is written is buffered at first
  } while (transport.isWritable);
  for (let count = 0; count < 4; count += 1) write(); // the kernel may find some more room later
  return written;
}

/** Bytes that tell a displaced, lost or doubled piece from the right one. */
export function pattern(byteLength: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  let state = seed + 1;
  for (let at = 0; at < byteLength; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

/** Lets the event loop go round until everything that was written has been taken. */
export async function untilTaken(transport: ByteTransport): Promise<void> {
  while (transport.bufferedBytes > 0) await turns();
}

/** Lets the event loop go round often enough for everything that is due to happen. */
export async function turns(): Promise<void> {
  for (let count = 0; count < 10; count += 1) await new Promise((resolve) => setImmediate(resolve));
}

export function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.byteLength, expected.byteLength);
  if (Buffer.compare(actual, expected) === 0) return;
  assert.fail(`bytes differ from offset ${actual.findIndex((byte, at) => byte !== expected[at])}`);
}

export function assertClosedInOrder(receiver: RecordingReceiver): void {
  assert.equal(receiver.error, undefined);
  assert.equal(receiver.closed, 1);
  assert.equal(receiver.calls.at(-1), 'closed');
}

export function assertReset(receiver: RecordingReceiver): void {
  assert.ok(receiver.error instanceof TransportError);
  assert.equal(receiver.error.code, 'ECONNRESET');
  assert.match(receiver.error.message, /connection reset by peer \(ECONNRESET\)$/);
  assert.equal(receiver.calls.at(-1), 'closed');
}
