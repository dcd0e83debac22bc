import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type RecordedMessage, RecordingWriter, readRecording } from '../../src/record/recording-file.ts';

const message = fc.record({
  atMs: fc.nat(1_000_000),
  topicName: fc.constantFrom('a', 'a/b', 'größe/1', 'x'.repeat(300)),
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  qos: fc.constantFrom(0, 1, 2),
  retain: fc.boolean(),
  properties: fc.oneof(
    fc.constant({}),
    fc.record({
      contentType: fc.string(),
      correlationData: fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
      userProperties: fc.array(fc.tuple(fc.string(), fc.string())),
    }),
  ),
}) as fc.Arbitrary<RecordedMessage>;

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function written(messages: readonly RecordedMessage[]): Buffer {
  const writer = new RecordingWriter();
  return Buffer.concat([writer.begin(0), ...messages.map((each) => writer.write(each))]);
}

async function read(bytes: Uint8Array, size = 64): Promise<RecordedMessage[]> {
  const found: RecordedMessage[] = [];
  for await (const each of readRecording(chunksOf(bytes, size))) found.push(each);
  return found;
}

test('what is written is read, however the file is cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(message), fc.integer({ min: 1, max: 700 }), async (messages, size) => {
      const inOrder = [...messages].sort((one, other) => one.atMs - other.atMs);
      expect(await read(written(inOrder), size)).toEqual(inOrder);
    }),
  );
});

test('a file that was cut off is read up to its last whole message', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1 }), fc.nat(), async (messages, at) => {
      const inOrder = [...messages].sort((one, other) => one.atMs - other.atMs);
      const bytes = written(inOrder);
      const found = await read(bytes.subarray(0, 27 + (at % (bytes.length - 27))));
      expect(found).toEqual(inOrder.slice(0, found.length));
      expect(found.length).toBeLessThan(inOrder.length);
    }),
  );
});

test('another file is no recording', async () => {
  await expect(read(Buffer.from('PK and something else that is longer'))).rejects.toThrow(
    'this is no recording of busbar',
  );
  await expect(read(Buffer.alloc(0))).rejects.toThrow('this is no recording of busbar');
});
