import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { freePort, hasCommand, PeerProcess } from '../src/peer-process.ts';

function node(program: string, input = ''): PeerProcess {
  return new PeerProcess(process.execPath, ['-e', program], { input });
}

describe('a program beside the test', () => {
  test('its output and its end are waited for', async () => {
    const peer = node(
      'console.log("ready"); process.stdin.on("data", (text) => console.log("heard", String(text)))',
      'this',
    );
    await peer.untilOutput(/ready/);
    assert.equal(await peer.succeeded(), 'ready\nheard this\n');
  });

  test('a failure is told with everything it said', async () => {
    const peer = node('console.error("broken"); process.exitCode = 3');
    await assert.rejects(peer.succeeded(), /ended with 3:\nbroken/);
    assert.equal((await peer.ended).exitCode, 3);
    await assert.rejects(node('').untilOutput(/never/), /ended before it said/);
  });

  test('it can be stopped, and does not outlive its time', async () => {
    const forEver = 'setInterval(() => {}, 1000)';
    assert.equal((await node(forEver).stop()).exitCode, undefined);
    const short = new PeerProcess(process.execPath, ['-e', forEver], { timeoutMs: 50 });
    await assert.rejects(short.succeeded(), /ended with a signal/);
  });

  test('one that does not exist', async () => {
    await assert.rejects(new PeerProcess('busbar-no-such-command', []).ended, /ENOENT/);
    assert.deepEqual([hasCommand('busbar-no-such-command'), hasCommand('sh')], [false, true]);
  });
});

test('a free port', async () => {
  const port = await freePort();
  assert.ok(port > 0 && port < 65_536);
});
