import { PacketType } from '@busbar/codec';
import { describe, expect, test } from 'vitest';
import { PacketWindow } from '../src/packet-window.ts';

const { puback, pubrec, pubcomp } = PacketType;

describe('PacketWindow', () => {
  test('QoS 1: an identifier is free again with its PUBACK', () => {
    const window = new PacketWindow(2);
    const ids = [window.take(), window.take()];
    expect(ids).toEqual([1, 2]);
    expect(window.room).toBe(0);
    expect(window.handle(puback, 2, 0, 1)).toBe('acknowledged');
    expect(window.room).toBe(1);
    expect(window.take()).toBe(2);
    expect(window.isEmpty).toBe(false);
  });

  test('QoS 2: PUBREC asks for PUBREL, PUBCOMP frees', () => {
    const window = new PacketWindow(1);
    const id = window.take();
    expect(window.handle(pubrec, id, 0, 2)).toBe('release');
    expect(window.room).toBe(0);
    expect(window.handle(pubcomp, id, 0, 2)).toBe('acknowledged');
    expect(window.isEmpty).toBe(true);
  });

  test('a Reason Code from 0x80 is a refusal and frees', () => {
    const window = new PacketWindow(2);
    expect(window.handle(puback, window.take(), 0x97, 1)).toBe('refused');
    expect(window.handle(pubrec, window.take(), 0x87, 2)).toBe('refused');
    expect(window.isEmpty).toBe(true);
  });

  test.each([
    ['an identifier that is free', puback, 2, 1],
    ['an identifier out of the window', puback, 900, 1],
    ['PUBREC at QoS 1', pubrec, 1, 1],
    ['PUBACK at QoS 2', puback, 1, 2],
    ['PUBCOMP before PUBREC', pubcomp, 1, 2],
  ] as const)('%s is stray', (_, type, packetId, qos) => {
    const window = new PacketWindow(4);
    window.take();
    expect(window.handle(type, packetId, 0, qos)).toBe('stray');
    expect(window.room).toBe(3);
  });
});
