import { EventEmitter } from 'node:events';
import { ConnectionGate } from '@busbar/transport';
import { expect, test } from 'vitest';

function setUp(limits: ConstructorParameters<typeof ConnectionGate>[0]) {
  const clock = { now: 1_000 };
  const gate = new ConnectionGate(limits, () => clock.now);
  const admit = () => {
    const socket = new EventEmitter();
    return { refusal: gate.admit(socket), close: () => socket.emit('close') };
  };
  const admitted = (count: number) => Array.from({ length: count }, admit).filter(({ refusal }) => !refusal).length;
  return { clock, gate, admit, admitted };
}

test('without limits everybody comes in and is counted', () => {
  const { gate, admit, admitted } = setUp({});
  expect(admitted(1_000)).toBe(1_000);
  expect(gate.open).toBe(1_000);
  admit().close();
  expect(gate.open).toBe(1_000);
});

test('of too many open at a time the last is turned away, until one leaves', () => {
  const { gate, admit } = setUp({ maximumConnections: 2 });
  const first = admit();
  admit();
  expect(admit().refusal).toBe('maximumConnections');
  expect(gate.open).toBe(2);
  first.close();
  expect(admit().refusal).toBeUndefined();
  expect(admit().refusal).toBe('maximumConnections');
});

test('of too many in a second the last are turned away, and the mean is kept', () => {
  const { clock, gate, admit, admitted } = setUp({ connectionRate: 10 });
  expect(admitted(15)).toBe(10);
  expect(admit().refusal).toBe('connectionRate');
  clock.now += 250;
  expect(admitted(15)).toBe(2);
  clock.now += 50; // the half of before is not lost
  expect(admitted(15)).toBe(1);
  clock.now += 60_000; // a long quiet time earns no more than one second's worth
  expect(admitted(30)).toBe(10);
  expect(gate.open).toBe(23);
});

test('a rate below one a second lets one in at a time', () => {
  const { clock, admitted } = setUp({ connectionRate: 0.5 });
  expect(admitted(3)).toBe(1);
  clock.now += 2_000;
  expect(admitted(3)).toBe(1);
  clock.now += 1_999;
  expect(admitted(3)).toBe(0);
});

test('who is turned away for one reason costs nothing of the other', () => {
  const { clock, admit, admitted } = setUp({ connectionRate: 2, maximumConnections: 1 });
  const first = admit();
  expect(admit().refusal).toBe('maximumConnections');
  first.close();
  expect(admitted(3)).toBe(1);
  clock.now += 10_000;
  expect(admit().refusal).toBe('maximumConnections');
});

test('other limits hold for the connections to come, and those that are open stay', () => {
  const { clock, gate, admitted } = setUp({});
  expect(admitted(20)).toBe(20);
  gate.replaceLimits({ maximumConnections: 10 });
  expect(admitted(1)).toBe(0);
  expect(gate.open).toBe(20);
  gate.replaceLimits({ connectionRate: 3 });
  expect(admitted(10)).toBe(3);
  clock.now += 1_000;
  gate.replaceLimits({});
  expect(admitted(50)).toBe(50);
});
