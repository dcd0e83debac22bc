import { once } from 'node:events';
import { connect } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { listenSecurely, server } from './tls-harness.ts';

const KEY = Buffer.from('0a0b0c0d', 'hex');
const preSharedKeys = new Map([['press-7', KEY]]);

async function visit(port: number, identity: string, psk: Buffer): Promise<{ cipher: string; hint: string | null }> {
  let hint: string | null = null;
  const socket = connect({
    port,
    host: '127.0.0.1',
    ciphers: 'PSK',
    maxVersion: 'TLSv1.2',
    checkServerIdentity: () => undefined,
    pskCallback: (given) => {
      hint = given;
      return { identity, psk };
    },
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return { cipher: socket.getCipher().name, hint };
}

test('pre-shared keys alone: the identity is told, other keys and identities do not come in', async () => {
  const { listener, accepted, failed } = await listenSecurely({
    certificates: [],
    preSharedKeys,
    preSharedKeyHint: 'plant 4',
  });
  expect(await visit(listener.port, 'press-7', KEY)).toMatchObject({
    hint: 'plant 4',
    cipher: expect.stringContaining('PSK'),
  });
  expect((await accepted.at(0)).tls).toMatchObject({ preSharedKeyIdentity: 'press-7', peerCertificate: undefined });
  await expect(visit(listener.port, 'press-7', Buffer.from('ff', 'hex'))).rejects.toThrow();
  await expect(visit(listener.port, 'press-8', KEY)).rejects.toThrow();
  await failed.next();
  await failed.next();
  for (const [, { code }] of failed.all) expect(code).toMatch(/^ERR_SSL_/);
});

test('pre-shared keys beside certificates, and others from now on', async () => {
  const { listener, accepted, dial } = await listenSecurely({ preSharedKeys });
  await dial();
  expect((await accepted.at(0)).tls).toMatchObject({ preSharedKeyIdentity: undefined });
  await visit(listener.port, 'press-7', KEY);
  expect((await accepted.at(1)).tls).toMatchObject({ preSharedKeyIdentity: 'press-7' });
  listener.replaceCertificates({ certificates: [server], preSharedKeys: new Map([['press-8', KEY]]) });
  await visit(listener.port, 'press-8', KEY);
  await expect(visit(listener.port, 'press-7', KEY)).rejects.toThrow();
});
