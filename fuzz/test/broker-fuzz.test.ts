import assert from 'node:assert/strict';
import { test } from 'vitest';
import { BrokerFuzz } from '../broker-fuzz.ts';
import type { Script, Step } from '../session-script.ts';
import { shrink, transcriptOf } from '../shrink.ts';
import { fuzzOverTcp } from '../tcp-fuzz.ts';

test('2,000 streams of changed packets leave brokers serving, and empty', { timeout: 120_000 }, async () => {
  const fuzz = await BrokerFuzz.start(20_260);
  await fuzz.run(2000);
  await fuzz.leave();
  const { streams, connects, exchanges, faults } = fuzz.figures;
  assert.equal(streams, 2000);
  assert.ok(connects > 1000 && exchanges > 10_000, 'the streams get into the broker');
  assert.ok(faults.size > 5, `the streams break many rules: ${[...faults.keys()]}`);
});

test('80 streams over TCP leave no descriptor open', { timeout: 60_000 }, async () => {
  const { connections, descriptorsBefore, descriptorsAfter } = await fuzzOverTcp(20_260, 80);
  assert.ok(connections > 80);
  assert.ok(descriptorsAfter <= descriptorsBefore, `${descriptorsBefore} before, ${descriptorsAfter} after`);
});

test('a find is shrunk to the steps that it needs', async () => {
  const scripts = Array.from({ length: 4 }, (_, client) => Array.from({ length: 20 }, (_, at) => send(client, at)));
  const fails = async (some: readonly Script[]): Promise<boolean> => {
    const text = transcriptOf(some);
    return text.includes('send 01 05') && text.includes('send 03 11');
  };
  const least = await shrink(scripts, fails);
  assert.deepEqual(least, [[send(1, 5)], [send(3, 0x11)]]);
  assert.equal(transcriptOf(least), 'client 0:\n  send 01 05\nclient 1:\n  send 03 11');
});

function send(client: number, at: number): Step {
  return { kind: 'send', bytes: Uint8Array.of(client, at), cuts: [], isHeld: false };
}
