import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Endpoint } from '../peer/raw-client.ts';
import type { WebSocketEndpoint } from '../peer/raw-web-socket.ts';
import type { SetUp } from './scenario.ts';

/** The broker under test. */
export interface Target {
  readonly name: string;
  /**
   * It may stall while many scenarios run at a time, which no statement forbids: what is violated is played again with less
   * beside it, and the second outcome counts.
   */
  readonly mayBeSlow: boolean;
  /** Where it listens, set up like this as far as it can be. */
  endpoint(setUp: SetUp): Promise<Endpoint>;
  /** Where it speaks WebSocket, if it does. */
  readonly webSocket?: WebSocketEndpoint | undefined;
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

/** A broker that runs elsewhere. */
export function at({ host, port }: Endpoint, webSocket?: WebSocketEndpoint): Target {
  return {
    name: `${host}:${port}`,
    mayBeSlow: true,
    endpoint: async () => ({ host, port }),
    webSocket,
    close: async () => {},
  };
}

/**
 * A broker that is started here, and started again when a scenario has brought it down.
 *
 * @param commandLine With `{port}` where its port belongs; arguments are split at spaces.
 * @throws {Error} It does not listen within ten seconds.
 */
export async function startCommand(name: string, commandLine: string): Promise<Target> {
  const port = await freePort();
  const [command = '', ...args] = commandLine.replaceAll('{port}', String(port)).split(' ');
  let child: ChildProcess | undefined;
  let isClosing = false;
  let listening = Promise.resolve();
  const start = (): void => {
    child = spawn(command, args, { stdio: 'ignore' });
    child.on('error', () => {});
    child.on('exit', () => {
      if (!isClosing) start();
    });
    listening = waitUntilListening(port);
    listening.catch(() => {});
  };
  start();
  await listening;
  return {
    name,
    mayBeSlow: true,
    async endpoint() {
      await listening;
      return { host: LOOPBACK, port };
    },
    async close() {
      isClosing = true;
      const ended = child === undefined ? undefined : once(child, 'exit');
      child?.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function waitUntilListening(port: number): Promise<void> {
  for (const deadline = performance.now() + 10_000; performance.now() < deadline; ) {
    const socket = connect(port, LOOPBACK);
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the broker does not listen on port ${port}`);
}
