import type { ServerResponse } from 'node:http';
import type { Broker, TracedPacket } from '@busbar/broker';

/** Bytes that wait for a reader before packets are left out. */
const MOST_BUFFERED = 256 * 1024;
/** Milliseconds between two looks whether a slow reader has caught up. */
const LOOK_MS = 200;

/**
 * Sends what a client sends and is sent to somebody who reads JSON lines, as it happens. The broker never waits for him: what he
 * is too slow for is left out, and how much that was is told in its place: `{"missed": 120}`.
 *
 * @returns When the reader has gone, or the broker lets go of him.
 */
export async function streamTrace(broker: Broker, clientIdentifier: string, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  let missed = 0;
  const tellMissed = (): void => {
    if (missed === 0 || response.writableLength > MOST_BUFFERED / 2) return;
    response.write(`{"missed":${missed}}\n`);
    missed = 0;
  };
  const show = (packet: TracedPacket): void => {
    tellMissed();
    if (missed > 0 || response.writableLength > MOST_BUFFERED) missed++;
    else response.write(`${JSON.stringify(packet)}\n`);
  };
  const end = broker.trace(clientIdentifier, show);
  response.write(
    `${JSON.stringify({ tracing: clientIdentifier, connected: isConnected(broker, clientIdentifier) })}\n`,
  );
  const looks = setInterval(tellMissed, LOOK_MS);
  await new Promise<void>((resolve) => response.once('close', resolve));
  clearInterval(looks);
  end();
}

function isConnected(broker: Broker, clientIdentifier: string): boolean {
  for (const client of broker.inspect.clients()) if (client.clientIdentifier === clientIdentifier) return true;
  return false;
}
