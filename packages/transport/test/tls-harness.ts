import { createTestAuthority, RecordingReceiver } from '@busbar/testkit';
import {
  type ByteTransport,
  dialTls,
  type ListenTlsOptions,
  listenTls,
  type TlsClientOptions,
  type TlsServerOptions,
  type TransportAddress,
  type TransportError,
} from '@busbar/transport';
import { Calls, dialled, opened } from './open-listeners.ts';

/** Who issues the certificates that both sides trust. */
export const authority = createTestAuthority();
export const stranger = createTestAuthority('Somebody else');
export const server = authority.issue({ altNames: ['localhost'] });
export const device = authority.issue({ commonName: 'press-7', organization: 'Plant, 4' });

/** A TLS listener that trusts the authority's clients and keeps what it was told. */
export async function listenSecurely(tls: Partial<TlsServerOptions> = {}, options: Partial<ListenTlsOptions> = {}) {
  const failed = new Calls<[TransportAddress, TransportError]>();
  const { listener, accepted } = await opened((accept) => {
    const common = { host: '127.0.0.1', port: 0, onHandshakeFailed: failed.record };
    return listenTls({ ...common, tls: { certificates: [server], ca: authority.cert, ...tls }, ...options }, accept);
  });
  const dial = (client: TlsClientOptions = {}) =>
    dialTls({ host: 'localhost', port: listener.port, tls: { ca: authority.cert, ...client } });
  return { listener, accepted, failed, dial };
}

/** What a client that was let in, perhaps for a moment only, sees in the end. */
export async function ending(transport: ByteTransport): Promise<RecordingReceiver> {
  const receiver = new RecordingReceiver().attachTo(await dialled(Promise.resolve(transport)));
  await receiver.untilClosed();
  return receiver;
}
