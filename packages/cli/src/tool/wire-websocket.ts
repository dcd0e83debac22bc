import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import { DialFailure } from './system-words.ts';
import type { ToolSettings, WirePlace } from './tool-settings.ts';

/** Opens a WebSocket on a connection, for MQTT in its binary frames (section 6). @throws {DialFailure} */
export function upgrade(
  stream: Duplex,
  { host, port }: WirePlace,
  { webSocketPath, version }: ToolSettings,
  isSecure: boolean,
): Promise<Duplex> {
  const name = host.includes(':') ? `[${host}]` : host;
  const url = `${isSecure ? 'wss' : 'ws'}://${name}:${port}${webSocketPath}`;
  return new Promise((resolve, reject) => {
    const refuse = (what: string) =>
      reject(new DialFailure('Unable to connect (The connection was refused.).', `cannot connect to ${url}: ${what}`));
    const webSocket = new WebSocket(url, [version === 3 ? 'mqttv3.1' : 'mqtt'], {
      perMessageDeflate: false,
      createConnection: () => stream,
    });
    webSocket.once('unexpected-response', (_, { statusCode, statusMessage }) => {
      refuse(`expected a WebSocket, the server answered ${statusCode} ${statusMessage}`);
    });
    webSocket.once('error', ({ message }) => refuse(message));
    stream.once('close', () => refuse('the server closed the connection during the WebSocket handshake'));
    webSocket.once('open', () => resolve(createWebSocketStream(webSocket)));
  });
}
