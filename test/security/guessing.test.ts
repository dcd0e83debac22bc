import assert from 'node:assert/strict';
import type { Authenticator } from '@busbar/broker';
import { ReasonCode } from '@busbar/codec';
import { describe, test, vi } from 'vitest';
import { HOST, heldBytes, MIB, Victim, WITNESS } from './victim.ts';

vi.setConfig({ testTimeout: 120_000 });

let asked = 0;
const one: Authenticator = {
  name: 'one',
  authenticate({ userName, password }) {
    asked++;
    const isRight = Buffer.from(password ?? []).toString() === WITNESS.password.toString();
    return userName === WITNESS.userName && isRight ? { kind: 'allow' } : { kind: 'deny', message: 'wrong' };
  },
};

/** Behind a proxy, so that the attack comes from addresses other than this machine's. */
const listeners = [
  { host: HOST, port: 0 },
  { host: HOST, port: 0, proxyProtocol: true },
];

async function guess(victim: Victim, address: string, userName: string): Promise<ReasonCode> {
  const client = await victim.dial(5, victim.broker.listeners[1]?.port);
  const { connectPacket } = await import('@busbar/testkit');
  client.send(Buffer.from(`PROXY TCP4 ${address} 127.0.0.1 1000 1883\r\n`));
  client.send(connectPacket({ userName, password: Buffer.from('guess') }));
  const answer = await client.next();
  client.transport.destroy();
  return 'reasonCode' in answer ? answer.reasonCode : 0;
}

describe('guessing passwords', () => {
  test('one name from a thousand addresses: few guesses are looked at, then its owner waits ten seconds at the most', async () => {
    const victim = await Victim.start({ authenticators: [one], listeners });
    await victim.assertServed();
    asked = 0;
    const codes: number[] = [];
    for (let at = 0; at < 1_000; at++) codes.push(await guess(victim, `10.0.${at >> 8}.${at & 255}`, 'root'));
    assert.ok(asked < 40, `${asked} looked at`);
    assert.ok(codes.filter((code) => code === ReasonCode.serverBusy).length > 900);
    // Whoever is in stays in, and others come in.
    await victim.assertServed();
    assert.equal(await victim.knock('other', WITNESS), ReasonCode.success);
  });

  test('a thousand names from one address: few guesses are looked at, and other addresses come in', async () => {
    const victim = await Victim.start({ authenticators: [one], listeners });
    asked = 0;
    for (let at = 0; at < 1_000; at++) await guess(victim, '10.9.9.9', `user${at}`);
    assert.ok(asked < 40, `${asked} looked at`);
    await victim.assertServed();
  });

  test('what is remembered of 200 names of 60,000 bytes is bounded', async () => {
    const victim = await Victim.start({ authenticators: [one], listeners });
    await victim.assertServed();
    const before = heldBytes();
    for (let at = 0; at < 200; at++) await guess(victim, `10.${at >> 8}.0.${at & 255}`, `${at}`.padEnd(60_000, 'x'));
    const held = heldBytes() - before;
    assert.ok(held < 5 * MIB, `${held / MIB} MiB of ${(200 * 60_000) / MIB}`);
    assert.ok(victim.log.take('warn').length < 200, 'a line now and then, not one each');
  });
});
