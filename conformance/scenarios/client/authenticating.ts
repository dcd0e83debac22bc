import { ofClient, sharedChapter } from '../../run/scenario.ts';
import { expectEqual } from '../../run/violation.ts';
import { auth } from '../../wire/packet-writer.ts';

const authenticationMethod = 'TEST';
const CONNECT = { clientIdentifier: 'authenticating', properties: { authenticationMethod } };

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}

/** Enhanced authentication as our client's machine keeps it (section 4.12). That only AUTH comes before CONNACK, the monitor sees. */
export const authenticating = sharedChapter('4.12 Enhanced authentication (client)', [
  ofClient(
    'every step of the server is answered by AUTH with 0x18 and the method of CONNECT, and by nothing else',
    { v5: '4.12.0-3 4.12.0-5 3.1.2-30 3.15.2-1 3.15.2-2 3.15.2-3', v4: '' },
    async (t) => {
      await t.machine(CONNECT, (machine, { properties }) => {
        machine.continueAuthentication({ authenticationData: properties.authenticationData ?? new Uint8Array(0) });
      });
      const server = await t.served();
      const connect = await server.expect('CONNECT');
      expectEqual('Authentication Method', connect.properties.authenticationMethod, authenticationMethod);
      for (const challenge of ['one', 'two']) {
        server.send(auth(0x18, { authenticationMethod, authenticationData: Buffer.from(challenge) }));
        const answer = await server.expect('AUTH');
        expectEqual('AUTH with', answer.reasonCode, 0x18);
        expectEqual('Authentication Method', answer.properties.authenticationMethod, authenticationMethod);
        expectEqual('Authentication Data', text(answer.properties.authenticationData), challenge);
      }
      server.sendConnack({ properties: { authenticationMethod } });
      await server.drop();
    },
    { versions: [5] },
  ),
  ofClient(
    'the client authenticates again by AUTH with 0x19 and the method of CONNECT; a failure ends the connection',
    { v5: '4.12.1-1 4.12.1-2 4.12.0-5', v4: '' },
    async (t) => {
      const { machine, flush } = await t.machine(CONNECT, () => {});
      const server = await t.served();
      await server.accept({ properties: { authenticationMethod } });
      while (!machine.isConnected) await new Promise((resolve) => setImmediate(resolve));
      machine.reAuthenticate({ authenticationData: Buffer.from('again') });
      flush();
      const answer = await server.expect('AUTH');
      expectEqual('AUTH with', answer.reasonCode, 0x19);
      expectEqual('Authentication Method', answer.properties.authenticationMethod, authenticationMethod);
      server.send(auth(0x18, { authenticationMethod: 'OTHER' }));
      await server.expectFault([0x82, 0x8c]);
    },
    { versions: [5] },
  ),
]);
