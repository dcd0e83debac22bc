import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encode } from 'cborg';
import { expect, onTestFinished, test } from 'vitest';
import { openPayloadView } from '../../src/payload/payload-view.ts';
import type { PayloadDecoding } from '../../src/tool/tool-settings.ts';

async function show(decoding: PayloadDecoding, payload: Uint8Array, schema?: { file: string; type?: string }) {
  const told: string[] = [];
  const view = await openPayloadView(decoding, { schemaFile: schema?.file, messageType: schema?.type }, (line) =>
    told.push(line),
  );
  return { shown: Buffer.from(view(payload)).toString(), told };
}

test('JSON is indented', async () => {
  expect((await show('json', Buffer.from('{"a":[1,2]}'))).shown).toBe('{\n  "a": [\n    1,\n    2\n  ]\n}');
});

test('CBOR is shown as JSON, bytes in hexadecimal', async () => {
  const { shown } = await show('cbor', encode({ t: 21.5, raw: Uint8Array.of(1, 255) }));
  expect(JSON.parse(shown)).toEqual({ t: 21.5, raw: '01ff' });
});

test('hex and base64', async () => {
  expect((await show('hex', Uint8Array.of(0, 255))).shown).toBe('00ff');
  expect((await show('base64', Uint8Array.of(0, 255))).shown).toBe('AP8=');
});

test('protobuf with a schema: the first message type, or the one that is named', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-proto-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'plant.proto');
  writeFileSync(
    file,
    'syntax = "proto3"; package plant; message Reading { double value = 1; string unit = 2; } message Alarm { int64 code = 1; }',
  );
  const reading = Uint8Array.of(0x09, 0, 0, 0, 0, 0, 0x80, 0x35, 0x40, 0x12, 1, 0x43);
  expect(JSON.parse((await show('protobuf', reading, { file })).shown)).toEqual({ value: 21.5, unit: 'C' });
  const alarm = Uint8Array.of(0x08, 0x2a);
  expect(JSON.parse((await show('protobuf', alarm, { file, type: 'plant.Alarm' })).shown)).toEqual({ code: '42' });
  await expect(show('protobuf', alarm, { file, type: 'plant.Nothing' })).rejects.toThrow(/no such type/);
});

test('a payload that cannot be decoded is shown in hexadecimal, and told of', async () => {
  const { shown, told } = await show('json', Buffer.from('no'));
  expect(shown).toBe('6e6f');
  expect(told).toEqual([expect.stringMatching(/^Warning: a payload is no json: /)]);
});
