import assert from 'node:assert/strict';

/** A program for MQTT.js, which tells what it sees. */
export type Program<Mqtt> = (mqtt: Mqtt, url: string, tell: (...values: unknown[]) => void) => Promise<unknown>;

/** Runs a program with both libraries: it has to see something, and the same. */
export async function assertSameTranscript<Mqtt>(
  program: Program<Mqtt> | undefined,
  url: string,
  theirs: Mqtt,
  ours: Mqtt,
): Promise<void> {
  const transcript = async (mqtt: Mqtt) => {
    const lines: unknown[] = [];
    await program?.(mqtt, url, (...values) => lines.push(JSON.parse(JSON.stringify(values))));
    return lines;
  };
  const expected = await transcript(theirs);
  assert.ok(expected.length > 0);
  assert.deepEqual(await transcript(ours), expected);
}
