import { connect } from 'node:net';
import { Violation } from '../run/violation.ts';
import { PATIENCE_MS } from './inbox.ts';
import type { Endpoint } from './raw-client.ts';

/** Sends bytes and answers everything that comes until the server closes. @throws {Violation} It does not close. */
export function exchange({ host, port }: Endpoint, bytes: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    const socket = connect(port, host, () => socket.write(bytes));
    socket.setTimeout(PATIENCE_MS, () => {
      reject(new Violation('the end of the connection', `nothing for ${PATIENCE_MS / 1000} s`));
      socket.destroy();
    });
    socket.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
}
