import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createBroker } from '@busbar/broker';
import { makeGroup } from './broker-fuzz.ts';
import { FuzzFind } from './fuzz-find.ts';
import { SeededRandom } from './random.ts';
import type { Script } from './session-script.ts';

/** How long a broker may take to close connections whose clients have gone. */
const PATIENCE_MS = 10_000;
const OWN_DESCRIPTORS = '/proc/self/fd';

/** What a run over TCP came to. */
export interface TcpFigures {
  readonly streams: number;
  readonly connections: number;
  readonly descriptorsBefore: number;
  readonly descriptorsAfter: number;
}

/**
 * Gives a broker the same streams over real sockets, without their waits, and counts open descriptors before and after: every
 * connection that was opened has to be closed, however it ended. Where the system does not list descriptors, both are 0.
 *
 * @throws {FuzzFind} Connections stay open, or the broker logged an error.
 */
export async function fuzzOverTcp(seed: number, streams: number): Promise<TcpFigures> {
  const errors: string[] = [];
  const ignore = (): void => {};
  const error = (fields: object, message: string): void => {
    errors.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log = { debug: ignore, info: ignore, warn: ignore, error };
  const broker = await createBroker({ listeners: [{ host: '127.0.0.1', port: 0 }], log });
  const port = broker.listeners[0]?.port ?? 0;
  const descriptorsBefore = countDescriptors();
  let done = 0;
  for (let group = 0; done < streams; group++) {
    const scripts = makeGroup(new SeededRandom(Math.imul(seed, 1_000_003) + group));
    await Promise.all(scripts.map((script) => play(script, port)));
    await untilTrue(() => broker.stats().connections === 0);
    const { connections } = broker.stats();
    if (connections > 0) throw new FuzzFind(`seed ${seed}, over TCP, group ${group}: ${connections} connections stay`);
    if (errors.length > 0) throw new FuzzFind(`seed ${seed}, over TCP, group ${group}: ${errors[0]}`);
    done += scripts.length;
  }
  const descriptorsAfter = countDescriptors();
  const { connectionsAccepted } = broker.stats();
  await broker.stop();
  return { streams: done, connections: connectionsAccepted, descriptorsBefore, descriptorsAfter };
}

/** Does what a script says as fast as it goes, and leaves. */
async function play(script: Script, port: number): Promise<void> {
  const sockets: Socket[] = [];
  for (const step of script) {
    const socket = sockets.at(-1);
    if (step.kind === 'open') sockets.push(await open(port));
    else if (socket === undefined || socket.destroyed) continue;
    else if (step.kind === 'send' && !socket.writableEnded) socket.write(step.bytes);
    else if (step.kind === 'read') step.isReading ? socket.resume() : socket.pause();
    else if (step.kind === 'end') socket.end();
    else if (step.kind === 'cut') socket.resetAndDestroy();
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const socket of sockets) socket.destroy();
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.resume();
  return socket;
}

async function untilTrue(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition() && performance.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
}

function countDescriptors(): number {
  try {
    return readdirSync(OWN_DESCRIPTORS).length;
  } catch {
    return 0;
  }
}
