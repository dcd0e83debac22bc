import { getEventListeners } from 'node:events';
import { createServer, type LookupFunction, type Server } from 'node:net';
import { RecordingReceiver } from '@busbar/testkit';
import type {
  ByteTransport,
  GateRefusal,
  ListenTcpOptions,
  TransportAddress,
  TransportListener,
} from '@busbar/transport';
import { ConnectionGate, dialTcp, listenTcp, TransportError } from '@busbar/transport';
import { afterEach, describe, expect, test } from 'vitest';
import { openListener } from '../src/listener.ts';
import { watchTimers } from './watch-timers.ts';

const opened: ByteTransport[] = [];
const listeners: TransportListener[] = [];
afterEach(async () => {
  for (const transport of opened.splice(0)) transport.destroy();
  for (const listener of listeners.splice(0)) await listener.close();
});

/** Listens on a free port and keeps what it accepts. */
async function listen(options: Partial<ListenTcpOptions> = { host: '127.0.0.1' }) {
  const accepted: ByteTransport[] = [];
  let wake = () => {};
  const listener = await listenTcp({ port: 0, ...options }, (transport) => {
    opened.push(transport);
    accepted.push(transport);
    wake();
  });
  listeners.push(listener);
  const untilAccepted = async (count: number) => {
    while (accepted.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return accepted;
  };
  return { listener, accepted, untilAccepted };
}

async function dial(...[options]: Parameters<typeof dialTcp>): Promise<ByteTransport> {
  const transport = await dialTcp(options);
  opened.push(transport);
  return transport;
}

/** A port of the loopback address on which nobody listens. */
async function unusedPort(): Promise<number> {
  const { listener } = await listen();
  await listener.close();
  return listener.port;
}

async function failure(attempt: Promise<unknown>): Promise<TransportError> {
  const error: unknown = await attempt.then(
    () => new Error('the attempt succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof TransportError) return error;
  throw error;
}

describe('dialTcp and listenTcp', () => {
  test('bytes go both ways, and each side knows the other', async () => {
    const { listener, untilAccepted } = await listen({ keepAliveMs: 60_000 });
    const near = await dial({ host: '127.0.0.1', port: listener.port, keepAliveMs: 60_000 });
    const [far] = await untilAccepted(1);
    if (far === undefined) throw new Error('nothing accepted');
    const atNear = new RecordingReceiver().attachTo(near);
    const atFar = new RecordingReceiver().attachTo(far);
    near.write(Uint8Array.of(1, 2));
    far.write(Uint8Array.of(3));
    await Promise.all([atFar.untilBytes(2), atNear.untilBytes(1)]);
    expect(near.remote).toEqual({ address: '127.0.0.1', port: listener.port });
    expect(far.remote.address).toBe('127.0.0.1');
    expect(far.remote.port).toBeGreaterThan(0);
  });

  test('a connection that speaks before it is attached loses nothing', async () => {
    const { listener, untilAccepted } = await listen();
    const near = await dial({ host: 'localhost', port: listener.port });
    const [far] = await untilAccepted(1);
    far?.write(new Uint8Array(300_000));
    far?.end();
    await new Promise((resolve) => setImmediate(resolve));
    const atNear = new RecordingReceiver().attachTo(near);
    await atNear.untilClosed();
    expect(atNear.byteLength).toBe(300_000);
  });

  test('no timer and no abort listener outlives the attempt, made or failed', async () => {
    const { listener } = await listen();
    const { signal } = new AbortController();
    const timers = watchTimers(29_999);
    await dial({ host: '127.0.0.1', port: listener.port, signal, timeoutMs: 29_999 });
    await failure(dialTcp({ host: '127.0.0.1', port: await unusedPort(), signal, timeoutMs: 29_999 }));
    expect(timers()).toEqual({ started: 2, cleared: 2 });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('a refused connection says so in words and code', async () => {
    const port = await unusedPort();
    const error = await failure(dialTcp({ host: '127.0.0.1', port }));
    expect(error.code).toBe('ECONNREFUSED');
    expect(error.message).toBe(`cannot connect to 127.0.0.1:${port}: connection refused (ECONNREFUSED)`);
    expect(error.cause).toBeInstanceOf(Error);
  });

  test('a name whose addresses all refuse is told as one refusal', async () => {
    const port = await unusedPort();
    const addresses = [
      { address: '127.0.0.1', family: 4 },
      { address: '127.0.0.2', family: 4 },
    ];
    const error = await failure(
      dialTcp({ host: 'plant.example', port, lookup: (_host, _options, callback) => callback(null, addresses) }),
    );
    expect(error.message).toBe(`cannot connect to plant.example:${port}: connection refused (ECONNREFUSED)`);
  });

  test('a name whose first address refuses is reached by its second', async () => {
    const { listener } = await listen();
    const addresses = [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const lookup: LookupFunction = (_host, _options, callback) => callback(null, addresses);
    const transport = await dial({ host: 'plant.example', port: listener.port, lookup });
    expect(transport.remote).toEqual({ address: '127.0.0.1', port: listener.port });
  });

  test('a name that does not resolve is told as such', async () => {
    const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND nowhere'), { code: 'ENOTFOUND', errno: -3008 });
    const error = await failure(
      dialTcp({ host: 'nowhere', port: 1883, lookup: (_host, _options, callback) => callback(unknown, []) }),
    );
    expect(error.code).toBe('ENOTFOUND');
    expect(error.message).toMatch(/^cannot connect to nowhere:1883: .+ \(ENOTFOUND\)$/);
  });

  test('a timeout gives up with ETIMEDOUT, and a resolver that answers later does no harm', async () => {
    const { listener, accepted } = await listen();
    let answer = () => {};
    const lookup: LookupFunction = (_host, _options, callback) => {
      answer = () => callback(null, [{ address: '127.0.0.1', family: 4 }]);
    };
    const error = await failure(dialTcp({ host: 'silent', port: listener.port, timeoutMs: 10, lookup }));
    expect(error.message).toBe(`cannot connect to silent:${listener.port}: no answer in 10 ms (ETIMEDOUT)`);
    expect(error.code).toBe('ETIMEDOUT');
    answer();
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(accepted).toHaveLength(0);
  });

  test('an abort before, during name resolution or while connecting gives up with its reason', async () => {
    const { listener } = await listen();
    const reason = new Error('no longer needed');
    const where = { host: '127.0.0.1', port: listener.port };
    const expectAborted = async (attempt: Promise<ByteTransport>) => {
      const error = await failure(attempt);
      expect(error.message).toMatch(/^cannot connect to .+: aborted \(ABORT_ERR\)$/);
      expect([error.code, error.cause]).toEqual(['ABORT_ERR', reason]);
    };
    await expectAborted(dialTcp({ ...where, signal: AbortSignal.abort(reason) }));

    const resolving = new AbortController();
    const silent = dialTcp({ ...where, host: 'silent', signal: resolving.signal, lookup: () => {} });
    resolving.abort(reason);
    await expectAborted(silent);
    expect(getEventListeners(resolving.signal, 'abort')).toHaveLength(0);

    const connecting = new AbortController();
    const attempt = dialTcp({ ...where, signal: connecting.signal });
    connecting.abort(reason);
    await expectAborted(attempt);
  });

  test('an abort after the connection is made does not touch it', async () => {
    const { listener, untilAccepted } = await listen();
    const controller = new AbortController();
    const near = await dial({ host: '127.0.0.1', port: listener.port, signal: controller.signal });
    const [far] = await untilAccepted(1);
    controller.abort();
    const atNear = new RecordingReceiver().attachTo(near);
    far?.write(Uint8Array.of(1));
    await atNear.untilBytes(1);
    expect(atNear.closed).toBe(0);
  });

  test('a port out of range is the caller’s mistake', async () => {
    await expect(dialTcp({ host: '127.0.0.1', port: 70_000 })).rejects.toThrow(RangeError);
  });
});

describe('listenTcp', () => {
  test('without a host it listens on IPv4 and IPv6, and an IPv4 peer looks like one', async () => {
    const { listener, untilAccepted } = await listen({});
    await dial({ host: '127.0.0.1', port: listener.port });
    const [far] = await untilAccepted(1);
    expect(far?.remote.address).toBe('127.0.0.1');
    if (listener.address !== '::') return; // a machine without IPv6
    await dial({ host: '::1', port: listener.port });
    const [, overIpv6] = await untilAccepted(2);
    expect(overIpv6?.remote.address).toBe('::1');
  });

  test('a port in use says so', async () => {
    const { listener } = await listen();
    const error = await failure(listenTcp({ host: '127.0.0.1', port: listener.port }, () => {}));
    expect(error.code).toBe('EADDRINUSE');
    expect(error.message).toBe(`cannot listen on 127.0.0.1:${listener.port}: address already in use (EADDRINUSE)`);
  });

  test('an address of another machine says so', async () => {
    const error = await failure(listenTcp({ host: '192.0.2.1', port: 0 }, () => {}));
    expect(error.code).toBe('EADDRNOTAVAIL');
  });

  test('close refuses new connections, leaves the accepted ones, frees the port and may be repeated', async () => {
    const { listener, untilAccepted } = await listen();
    const near = await dial({ host: '127.0.0.1', port: listener.port });
    const [far] = await untilAccepted(1);
    await listener.close();
    await listener.close();
    expect((await failure(dialTcp({ host: '127.0.0.1', port: listener.port }))).code).toBe('ECONNREFUSED');
    const atNear = new RecordingReceiver().attachTo(near);
    far?.write(Uint8Array.of(7));
    await atNear.untilBytes(1);
    const again = await listen({ port: listener.port });
    expect(again.listener.port).toBe(listener.port);
  });

  test('what the gate turns away is closed at once and told', async () => {
    const refused: [TransportAddress, GateRefusal][] = [];
    const onRefused = (...refusal: [TransportAddress, GateRefusal]) => refused.push(refusal);
    const gate = new ConnectionGate({ maximumConnections: 1 });
    const { listener, accepted, untilAccepted } = await listen({ gate, onRefused });
    await dial({ host: '127.0.0.1', port: listener.port });
    await untilAccepted(1);
    const second = new RecordingReceiver().attachTo(await dial({ host: '127.0.0.1', port: listener.port }));
    await second.untilClosed();
    expect(accepted).toHaveLength(1);
    expect(refused.map(([{ address }, reason]) => [address, reason])).toEqual([['127.0.0.1', 'maximumConnections']]);
    expect(gate.open).toBe(1);
  });

  test('an error while accepting is told and does not end the listener', async () => {
    const errors: TransportError[] = [];
    for (const events of [{ onError: (error: TransportError) => errors.push(error) }, {}]) {
      const server: Server = createServer();
      const listener = await openListener(server, { port: 0, host: '127.0.0.1' }, 'cannot listen', events);
      listeners.push(listener);
      server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE', errno: -24 }));
      expect(server.listening).toBe(true);
    }
    expect(errors.map(({ code }) => code)).toEqual(['EMFILE']);
    expect(errors[0]?.message).toBe('cannot accept a connection on 127.0.0.1: too many open files (EMFILE)');
  });
});
