import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodePacket } from '@busbar/codec';
import { connectPacket, publishPacket, subscribePacket } from '@busbar/testkit';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { runBusbar, startBusbar } from '../support/running-command.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Everything that moves a cursor, ends a line, paints, or turns the direction of writing. */
const TRICKS = '\u001b[2J\r\n{"level":50,"msg":"forged"}\u009b31m\u007f\u202e\u2028\u0007';
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** Has a broker log names full of tricks, and long ones. @returns What it has written to stderr. */
async function logOf(format: 'json' | 'pretty'): Promise<string> {
  const command = startBusbar(['broker', '-p', '0', '--log-format', format, '-v']);
  const [, port = ''] = await command.untilStdout(/localhost:(\d+)/);
  const send = async (...packets: Uint8Array[]): Promise<void> => {
    const socket = connectSocket(Number(port), '127.0.0.1');
    socket.on('error', () => {}).resume();
    socket.end(Buffer.concat(packets));
    await once(socket, 'close');
  };
  const connect = (clientIdentifier: string, userName: string) =>
    encodePacket(connectPacket({ clientIdentifier, userName, protocolVersion: 5, will: undefined }), 5);
  const name = TRICKS.replaceAll('\u0000', '');
  await send(connect(name, name), encodePacket(subscribePacket(1, `a/#/${name}`), 5));
  await send(connect(`long ${'x'.repeat(60_000)}`, 'ann'), encodePacket(publishPacket('$SYS/x', 'x'), 5));
  await send(Buffer.from(`${name}\r\n\r\n`));
  command.kill('SIGTERM');
  await command.ended;
  return command.stderr;
}

describe('the log of the broker', () => {
  test('in JSON: a line is an object, whatever names say, and not too long', async () => {
    const text = await logOf('json');
    expect(text).not.toMatch(OBEYED);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.some(({ msg }) => msg === 'forged')).toBe(false);
    expect(lines.find(({ msg, client = '' }) => msg === 'connected' && client.includes('forged'))?.client).toBe(TRICKS);
    expect(lines.find(({ client = '' }) => client.startsWith('long'))?.client).toMatch(/x\.\.\. \(60005 characters\)$/);
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThan(3_000);
  });

  test('for people: tricks are shown, and not done', async () => {
    const text = await logOf('pretty');
    expect(text).not.toMatch(OBEYED);
    expect(text).toContain('\\u001b[2J');
    expect(text).toContain('\\u202e');
    expect(text.split('\n').some((line) => line.startsWith('{"level":50'))).toBe(false);
    expect(text).toMatch(/x\.\.\. \(60005 characters\)/);
  });
});

describe('a log in a file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-log-'));
  const inFolder = (name: string): string => path.join(folder, name);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const settings = (level: string, format = 'json'): string =>
    `listeners: [{port: 0}]\ndata: memory\nlog: {file: broker.log, level: ${level}, format: ${format}}\n`;

  test('is appended to, opened anew by SIGHUP, and takes its level over', async () => {
    const [conf, log] = [inFolder('busbar.yaml'), inFolder('broker.log')];
    writeFileSync(conf, settings('warn'));
    writeFileSync(log, 'what was there before\n');
    const command = startBusbar(['broker', '-c', conf]);
    await command.untilStdout(/ready/);
    renameSync(log, `${log}.1`);
    writeFileSync(conf, settings('info'));
    command.kill('SIGHUP');
    await vi.waitFor(() => expect(readFileSync(log, 'utf8')).toContain('has been read again'), { timeout: 20_000 });
    command.kill('SIGTERM');
    await command.ended;
    expect(readFileSync(`${log}.1`, 'utf8')).toBe('what was there before\n');
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      'the configuration has been read again',
      'stopping',
      'stopped',
    ]);
    expect(command.stderr).toBe('');
  });

  test('is that of mosquitto.conf, pretty if wanted, without colours', async () => {
    const [conf, log] = [inFolder('mosquitto.conf'), inFolder('mosquitto.log')];
    writeFileSync(conf, `listener 0 127.0.0.1\nlog_dest syslog\nlog_dest file ${log}\n`);
    const command = startBusbar(['broker', '-c', conf, '--log-format', 'pretty']);
    await command.untilStdout(/ready/);
    command.kill('SIGTERM');
    await command.ended;
    const text = readFileSync(log, 'utf8');
    expect(text).toMatch(
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] WARN: .*mosquitto\.conf:2: this log_dest changes nothing/,
    );
    expect(text).toContain('stopped');
    expect(text).not.toContain('\u001b');
  });

  test('that cannot be opened is said in a line', async () => {
    const conf = inFolder('nowhere.yaml');
    writeFileSync(conf, 'log: {file: no/such/folder/broker.log}\n');
    const { exitCode, stderr } = await runBusbar(['broker', '-c', conf]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^Error: the log cannot be opened: ENOENT: .*broker\.log'\n$/);
  });
});
