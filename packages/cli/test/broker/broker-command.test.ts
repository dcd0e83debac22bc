import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { runInProcess } from '../support/in-process.ts';
import { runBusbar, startBroker, startBusbar } from '../support/running-command.ts';

/** CONNECT of MQTT 3.1.1 with Clean Session, no Keep Alive, Client Identifier `a`. */
const CONNECT = Buffer.from('100d00044d51545404020000000161', 'hex');
const CONNACK = '20020000';

async function connectClient(port: string, options: { host?: string; allowHalfOpen?: boolean } = {}) {
  const socket = connect({ port: Number(port), host: 'localhost', ...options });
  await once(socket, 'connect');
  socket.write(CONNECT);
  const [answer]: Buffer[] = await once(socket, 'data');
  expect(answer?.toString('hex')).toBe(CONNACK);
  return socket;
}

describe('a broker that runs', () => {
  test('prints exactly one line to stdout when clients may come', async () => {
    const { command, port } = await startBroker();
    const socket = await connectClient(port);
    command.kill('SIGTERM');
    const { stdout } = await command.ended;

    expect(stdout).toBe(`busbar broker 0.1.0 ready on mqtt://localhost:${port} (MQTT 3.1, 3.1.1 and 5.0)\n`);
    socket.destroy();
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s stops it in order: clients are disconnected, exit code 0',
    async (signal) => {
      const { command, port } = await startBroker();
      const socket = await connectClient(port);
      socket.resume();
      const closed = once(socket, 'close');
      command.kill(signal);

      expect(await command.ended).toMatchObject({ exitCode: 0, signal: null });
      await closed;
    },
  );

  test('SIGHUP, which a terminal sends that is closed, stops it in order, too', async () => {
    const { command, port } = await startBroker();
    const socket = await connectClient(port);
    socket.resume();
    const closed = once(socket, 'close');
    command.kill('SIGHUP');

    expect(await command.ended).toMatchObject({ signal: 'SIGHUP', stderr: expect.stringContaining('"msg":"stopped"') });
    await closed;
  });

  test('a second signal ends it at once', async () => {
    const { command, port } = await startBroker();
    // A peer that does not close its side keeps the graceful end waiting.
    const socket = await connectClient(port, { allowHalfOpen: true });
    const stopping = command.untilStderr(/stopping/);
    command.kill('SIGTERM');
    await stopping;
    command.kill('SIGINT');

    expect((await command.ended).exitCode).toBe(130);
    socket.destroy();
  });

  test('logs to stderr, as JSON where there is no terminal', async () => {
    const { command, port } = await startBroker();
    const socket = await connectClient(port);
    const [line] = await command.untilStderr(/\{.*"msg":"connected".*\}\n/);

    expect(JSON.parse(line)).toMatchObject({ level: 30, client: 'a', version: 4 });
    socket.destroy();
  });

  test('logs readable lines when asked to, without colours outside a terminal', async () => {
    const { command, port } = await startBroker('--log-format', 'pretty');
    const socket = await connectClient(port);
    const [line] = await command.untilStderr(/.*connected.*\n/);

    expect(line).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: connected \{.*"client":"a".*\}\n$/);
    socket.destroy();
  });

  test('listens on loopback by default, on both of its addresses, and elsewhere when told to', async () => {
    const { port } = await startBroker();
    (await connectClient(port, { host: '127.0.0.1' })).destroy();
    const everywhere = await startBroker('--host', '0.0.0.0', '--allow-anonymous');
    (await connectClient(everywhere.port, { host: '127.0.0.1' })).destroy();
    expect(everywhere.command.stdout).toContain(
      `ready on mqtt://localhost:${everywhere.port}, also from other machines`,
    );
  });

  test('lets nobody in without being told who may, where others than this machine reach it', async () => {
    const { port, command } = await startBroker('--host', '0.0.0.0');
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(CONNECT);
    const [connack] = (await once(socket, 'data')) as [Buffer];
    expect([...connack]).toEqual([0x20, 2, 0, 5]);
    await command.untilStderr(/nobody may connect/);
    socket.destroy();
  });
});

describe('a broker that cannot run', () => {
  test('says in one line that its port is taken', async () => {
    const { port } = await startBroker();
    const { exitCode, stdout, stderr } = await runBusbar(['broker', '--data', 'memory', '--port', port]);

    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toBe(
      `Error: port ${port} is taken: stop what listens there, or choose another with --port (0 takes a free one)\n`,
    );
  });

  test('says in one line that its address is not of this machine', async () => {
    const { exitCode, stderr } = await runBusbar(['broker', '--data', 'memory', '--port', '0', '--host', '192.0.2.1']);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'Error: --host 192.0.2.1 is not an address of this machine\n',
    });
  });

  test.each([
    [['--data', ''], "--data: expected a directory or memory, not ''"],
    [['--host', ''], "--host: expected an address to listen on, such as localhost or 0.0.0.0, not ''"],
    [['--log-format', 'xml'], "--log-format: expected pretty or json, not 'xml'"],
    [['--port', '70000'], "-p/--port: expected a whole number from 0 to 65535, not '70000'"],
    [['--prot', '1'], "unknown option '--prot'; did you mean '--port'?"],
    [['now'], "unexpected word 'now'"],
  ])('%j: one line, exit code 2', async (args, line) => {
    const { exitCode, stderr } = await runInProcess(['broker', ...args]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: `Error: ${line} (see 'busbar broker --help')\n` });
  });
});

test('--data memory is accepted', async () => {
  const command = startBusbar(['broker', '-p', '0', '--data', 'memory', '-v']);
  await command.untilStdout(/ready/);
  command.kill('SIGINT');
  expect((await command.ended).exitCode).toBe(0);
});
