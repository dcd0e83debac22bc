import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from '@busbar/client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type BrokerUnderTest, openBroker } from '../support/broker-under-test.ts';
import { runInProcess } from '../support/in-process.ts';
import { type Ended, isInstalled, type RunningCommand, startBusbar, startProgram } from '../support/running-command.ts';

/** `busbar pub` and `busbar sub` beside the tools whose flags they have: same broker, same flags, same outcome. */

const tools = ['mosquitto_pub', 'mosquitto_sub'] as const;
type Tool = (typeof tools)[number];

/** The two that are compared. */
const makers = ['mosquitto', 'busbar'] as const;
type Maker = (typeof makers)[number];

let broker: BrokerUnderTest;

beforeAll(async () => {
  broker = await openBroker();
});

afterAll(() => broker.close());

function start(maker: Maker, tool: Tool, args: readonly string[], port = broker.port): RunningCommand {
  const all = ['-h', '127.0.0.1', '-p', port, ...args];
  return maker === 'mosquitto' ? startProgram(tool, all) : startBusbar([tool.slice('mosquitto_'.length), ...all]);
}

async function run(maker: Maker, tool: Tool, args: readonly string[], input: string | Uint8Array = ''): Promise<Ended> {
  const command = start(maker, tool, args);
  command.stdin.end(input);
  return command.ended;
}

/** Starts a subscriber and waits until the broker knows it. */
async function startSub(maker: Maker, args: readonly string[]): Promise<RunningCommand> {
  const before = broker.broker.stats().subscriptions;
  const command = start(maker, 'mosquitto_sub', args);
  const filters = args.filter((arg) => arg === '-t').length;
  await expect.poll(() => broker.broker.stats().subscriptions, { timeout: 15_000 }).toBe(before + filters);
  return command;
}

describe.skipIf(!tools.every(isInstalled))('with mosquitto-clients installed', () => {
  test('what one publishes, the other prints', async () => {
    const subs = [await startSub('mosquitto', EVERYTHING), await startSub('busbar', EVERYTHING)];
    const publishing: [args: string[], input?: string][] = [
      [['-m', 'hello']],
      [['-m', 'größe', '-q', '1']],
      [['-m', 'x', '-q', '2', '-V', 'mqttv5']],
      [['-n']],
      [['-l', '-q', '1'], 'one\n\ntwo\r\nthree'],
      [['-s'], 'all\nof\nit\n'],
      [['-m', 'x', '-V', '31', '-i', 'old', '-k', '10', '-u', 'a', '-P', 'b']],
    ];
    for (const maker of makers) {
      for (const [args, input] of publishing) {
        const { exitCode, stdout, stderr } = await run(
          maker,
          'mosquitto_pub',
          ['-t', `compare/${maker}`, ...args],
          input,
        );
        expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: '', stderr: '' });
      }
    }
    await run('mosquitto', 'mosquitto_pub', ['-t', 'compare/end', '-m', '']);
    for (const sub of subs) await sub.untilStdout(/compare\/end \(null\)\n/);

    const [theirs = '', ours = ''] = subs.map((sub) => sub.stdoutBytes.toString('latin1'));
    expect(ours).toBe(theirs);
    const [published, again] = makers.map((maker) => partsOf(ours, maker));
    expect(published).toEqual(again);
    expect(published).toHaveLength(10);
  });

  const EVERYTHING = ['-t', 'compare/#', '-v', '-q', '2'];

  /** What came from one of the two, the topic taken away. */
  function partsOf(output: string, maker: Maker): string[] {
    return output.split(/^(?=compare\/)/m).flatMap((part) => {
      const [start, rest] = [part.slice(0, `compare/${maker} `.length), part.slice(`compare/${maker} `.length)];
      return start === `compare/${maker} ` ? [rest] : [];
    });
  }

  test('without -v: every byte is printed the same, and an empty message not at all', async () => {
    const subs = [];
    for (const maker of makers) subs.push(await startSub(maker, ['-t', 'plain', '-C', '2']));
    const client = await connect(broker.url);
    onTestFinished(() => client.end());
    await client.publish(
      'plain',
      Uint8Array.from({ length: 256 }, (_, at) => at),
    );
    await client.publish('plain', '');
    const [theirs, ours] = await Promise.all(
      subs.map(async (sub) => ({ ...(await sub.ended), bytes: sub.stdoutBytes })),
    );
    expect(ours).toEqual(theirs);
  });

  describe('exit codes', () => {
    const cases: [tool: Tool, args: string[], code: number][] = [
      ['mosquitto_pub', [], 1],
      ['mosquitto_pub', ['-t', 'a'], 1],
      ['mosquitto_pub', ['-t', 'a', '-m'], 1],
      ['mosquitto_pub', ['-t', 'a/#', '-m', 'x'], 1],
      ['mosquitto_pub', ['-t', 'a', '-m', 'x', '-q', '3'], 1],
      ['mosquitto_pub', ['-t', 'a', '-m', 'x', '-n'], 1],
      ['mosquitto_pub', ['-t', 'a', '-m', 'x', '--no-such-option'], 1],
      ['mosquitto_pub', ['-t', 'a', '-m', 'x', '-c'], 1],
      ['mosquitto_pub', ['-t', 'a', '-m', 'x', '-V', '7'], 1],
      ['mosquitto_pub', ['-t', 'a', '-m', 'x', '-k', '2'], 1],
      ['mosquitto_pub', ['-t', 'a', '-m', 'x', '-P', 'secret'], 1],
      ['mosquitto_pub', ['-t', 'a', '-m', 'x', '--will-payload', 'x'], 1],
      ['mosquitto_pub', ['-t', 'a', '-m', 'x', '-D', 'publish', 'no-such-property', '1'], 1],
      ['mosquitto_pub', ['-t', 'a', '-s'], 1],
      ['mosquitto_pub', ['-t', 'a', '-l'], 0],
      ['mosquitto_pub', ['-t', 'a', '-m', ''], 0],
      ['mosquitto_pub', ['-t', 'a', '-m', 'x', '-i', 'unwelcome'], 5],
      ['mosquitto_pub', ['-t', 'a', '-m', 'x', '-i', 'unwelcome', '-V', '5'], 135],
      ['mosquitto_sub', [], 1],
      ['mosquitto_sub', ['-t', 'a#'], 1],
      ['mosquitto_sub', ['-t', 'a', '-C', '0'], 1],
      ['mosquitto_sub', ['-t', 'a', '-W', '0'], 1],
      ['mosquitto_sub', ['-t', 'a', '-c'], 1],
      ['mosquitto_sub', ['-t', 'a', '-W', '1'], 27],
      ['mosquitto_sub', ['-t', 'a', '-i', 'unwelcome'], 5],
      ['mosquitto_sub', ['-t', 'a', '-i', 'unwelcome', '-V', 'mqttv5'], 135],
    ];
    test.each(cases)('%s %j: %i', async (tool, args, code) => {
      const theirs = await run('mosquitto', tool, args);
      const needsProcess = code !== 1 || args.includes('-s');
      const ours = await (needsProcess
        ? run('busbar', tool, args)
        : runInProcess([tool.slice('mosquitto_'.length), ...args]));
      expect({ theirs: theirs.exitCode, ours: ours.exitCode }).toEqual({ theirs: code, ours: code });
    });

    test('nobody listens: 1', async () => {
      const free = createServer();
      await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
      const address = free.address();
      await new Promise((resolve) => free.close(resolve));
      const port = typeof address === 'object' ? String(address?.port) : '';
      const [theirs, ours] = await Promise.all(
        makers.map((maker) => start(maker, 'mosquitto_sub', ['-t', 'a'], port).ended),
      );
      expect({ theirs: theirs?.exitCode, ours: ours?.exitCode }).toEqual({ theirs: 1, ours: 1 });
    });
  });

  test.each(['311', '5'])('a session with -c, version %s: made by one, gone on with by the other', async (version) => {
    for (const [first, second] of [makers, [...makers].reverse()] as const) {
      const id = `session-${first}-${version}`;
      const args = ['-c', '-i', id, '-V', version, '-q', '1', '-t', `kept/${id}`];
      const sub = await startSub(first ?? 'busbar', args);
      // Not SIGTERM: mosquitto_sub disconnects within its signal handler, which may wait for itself for ever.
      sub.kill('SIGKILL');
      await sub.ended;
      await run(second ?? 'busbar', 'mosquitto_pub', ['-t', `kept/${id}`, '-m', 'meanwhile', '-q', '1']);
      const { exitCode, stdout } = await run(second ?? 'busbar', 'mosquitto_sub', [...args, '-C', '1']);
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'meanwhile\n' });
    }
  });

  test('properties of MQTT 5.0', async () => {
    const flags = [
      ...['-D', 'publish', 'content-type', 'text/plain'],
      ...['-D', 'publish', 'user-property', 'name', 'value'],
      ...['-D', 'publish', 'response-topic', 'answers'],
      ...['-D', 'publish', 'correlation-data', 'abc'],
      ...['-D', 'publish', 'payload-format-indicator', '1'],
    ];
    const format = '%C %P %R %D %F %p';
    for (const publisher of makers) {
      const sub = await startSub('mosquitto', ['-t', 'properties', '-V', '5', '-F', format, '-C', '1']);
      await run(publisher, 'mosquitto_pub', ['-t', 'properties', '-m', 'x', ...flags]);
      expect((await sub.ended).stdout).toBe('text/plain name:value answers abc 1 x\n');
    }
  });

  test('--json has what %j has', async () => {
    const ours = await startSub('busbar', ['-t', 'json', '-V', '5', '--json', '-C', '1']);
    const theirs = await startSub('mosquitto', ['-t', 'json', '-V', '5', '-F', '%j', '-C', '1']);
    await run('busbar', 'mosquitto_pub', ['-t', 'json', '-m', '{"a": "ü"}', '-D', 'publish', 'content-type', 'json']);
    const [our, their] = [JSON.parse((await ours.ended).stdout), JSON.parse((await theirs.ended).stdout)];
    expect(Object.keys(our)).toEqual(Object.keys(their));
    expect({ ...our, tst: '' }).toEqual({ ...their, tst: '' });
  });
});

describe.skipIf(!isInstalled('mosquitto'))("against Debian's mosquitto broker", () => {
  async function startMosquitto(...settings: string[]): Promise<string> {
    const folder = mkdtempSync(path.join(tmpdir(), 'busbar-mosquitto-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const address = free.address();
    await new Promise((resolve) => free.close(resolve));
    const port = typeof address === 'object' ? String(address?.port) : '';
    const file = path.join(folder, 'mosquitto.conf');
    writeFileSync(file, [`listener ${port} 127.0.0.1`, 'persistence false', 'user root', ...settings, ''].join('\n'));
    const server = startProgram('/usr/sbin/mosquitto', ['-c', file]);
    await server.untilStderr(/running/);
    return port;
  }

  test.each(['31', '311', '5'])('pub and sub talk to it: version %s', async (version) => {
    const port = await startMosquitto('allow_anonymous true');
    const where = ['-h', '127.0.0.1', '-p', port, '-V', version];
    await startBusbar(['pub', ...where, '-t', 'room/a', '-m', 'kept', '-r', '-q', '2']).ended;
    const sub = startBusbar(['sub', ...where, '-t', 'room/#', '-v', '-q', '2', '-C', '2']);
    await sub.untilStdout(/room\/a kept\n/);
    const { exitCode } = await startBusbar(['pub', ...where, '-t', 'room/b', '-m', 'live', '-q', '1']).ended;
    expect(exitCode).toBe(0);
    expect(await sub.ended).toMatchObject({ exitCode: 0, stdout: 'room/a kept\nroom/b live\n' });
  });

  test('a refused user, and a message that is not accepted', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'busbar-acl-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const acl = path.join(folder, 'acl');
    writeFileSync(acl, 'topic readwrite open/#\n', { mode: 0o700 });
    const port = await startMosquitto('allow_anonymous true', `acl_file ${acl}`);
    const args = ['-h', '127.0.0.1', '-p', port, '-t', 'shut', '-m', 'x', '-q', '1', '-V', '5'];
    const [theirs, ours] = await Promise.all([
      startProgram('mosquitto_pub', args).ended,
      startBusbar(['pub', ...args]).ended,
    ]);
    expect(theirs).toMatchObject({ exitCode: 0, stderr: 'Warning: Publish 1 failed: Not authorized.\n' });
    expect(ours).toMatchObject({
      exitCode: 0,
      stderr: 'Warning: the message was not accepted: not authorized (0x87)\n',
    });
  });
});
