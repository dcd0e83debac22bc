import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect as connectSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createBroker } from '@busbar/broker';
import { createTestAuthority, parseExposition } from '@busbar/testkit';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { loadConfiguration } from '../../src/config/load-configuration.ts';
import { ConfigurationError } from '../../src/config/place.ts';
import { showConfiguration } from '../../src/config/show.ts';
import { HttpServer } from '../../src/http/http-server.ts';
import type { HttpSettings } from '../../src/http/http-settings.ts';
import { runBusbar, startBusbar } from '../support/running-command.ts';

vi.setConfig({ testTimeout: 60_000 });

const TOKEN = 'k7-of-the-scraper';
const folder = mkdtempSync(path.join(tmpdir(), 'busbar-http-'));
afterAll(() => rmSync(folder, { recursive: true }));

const lines: { fields: object; message: string }[] = [];
const say = (fields: object, message: string) => void lines.push({ fields, message });
const log = { debug: say, info: say, warn: say, error: say };

async function open(settings: HttpSettings = {}, isAttached = true) {
  const http = await HttpServer.open({ port: 0, ...settings }, log);
  const broker = await createBroker({ listeners: [], measuresTimes: true });
  if (isAttached) http.attach(broker);
  onTestFinished(async () => {
    http.close();
    await broker.stop();
  });
  return { http, broker, url: http.url };
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

function ask(url: string, headers: OutgoingHttpHeaders = {}, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = url.startsWith('https') ? secureRequest : request;
    const asked = call(url, { method, headers, rejectUnauthorized: false, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: text }));
    });
    asked.on('error', reject).end(body);
  });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Sends bytes as they are, and reads until the server closes. */
function converse(url: string, bytes: string): { socket: Socket; closed: Promise<string> } {
  const { hostname, port } = new URL(url);
  const socket = connectSocket(Number(port), hostname);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  socket.on('error', () => {});
  socket.write(bytes);
  return { socket, closed: new Promise((resolve) => socket.on('close', () => resolve(text))) };
}

describe('what it answers', () => {
  test('metrics that a strict reader takes', async () => {
    const { url } = await open();
    const { status, headers, body } = await ask(`${url}/metrics`);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(headers['cache-control']).toBe('no-store');
    expect(parseExposition(body).get('busbar_ready')?.samples).toEqual([
      { name: 'busbar_ready', labels: {}, value: 1 },
    ]);
    expect(await ask(`${url}/metrics`, {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect((await ask(`${url}/metrics?name[]=x`)).status).toBe(200);
  });

  test('health, from before the broker is there until it stops', async () => {
    const { http, broker, url } = await open({}, false);
    expect(await ask(`${url}/health/live`)).toMatchObject({ status: 200, body: '{"live":true}\n' });
    const ready = async () => {
      const { status, body } = await ask(`${url}/health/ready`);
      return [status, JSON.parse(body)];
    };
    expect(await ready()).toEqual([503, { ready: false, reasons: { starting: 'the broker is starting' } }]);
    expect((await ask(`${url}/metrics`)).status).toBe(503);
    http.attach(broker);
    expect(await ready()).toEqual([200, { ready: true }]);
    broker.readiness.report('overloaded', 'the event loop lags');
    broker.readiness.report('store', 'the disk is full');
    const reasons = { overloaded: 'the event loop lags', store: 'the disk is full' };
    expect(await ready()).toEqual([503, { ready: false, reasons }]);
    broker.readiness.report('overloaded', undefined);
    broker.readiness.report('store', undefined);
    http.handleStopping();
    expect(await ready()).toEqual([503, { ready: false, reasons: { stopping: 'the broker is stopping' } }]);
    expect((await ask(`${url}/health/live`)).status).toBe(200);
  });

  test('500 where something is wrong here, and the broker goes on', async () => {
    const { http, broker, url } = await open();
    const metrics = { contentType: 'text/plain', text: () => Promise.reject(new Error('no numbers')) };
    http.attach({ ...broker, metrics: metrics as unknown as typeof broker.metrics });
    expect((await ask(`${url}/metrics`)).status).toBe(500);
    expect(lines.at(-1)).toMatchObject({ fields: { error: 'Error: no numbers' } });
    expect((await ask(`${url}/health/live`)).status).toBe(200);
  });

  test('nothing else: other paths, tricks with paths, other methods, names of others', async () => {
    const { url } = await open();
    const paths = ['/', '/metrics/', '/%6Detrics', '//metrics', '/METRICS', '/health', '/etc/passwd'];
    for (const each of paths) expect([each, (await ask(url + each)).status]).toEqual([each, 404]);
    const whole = async (target: string): Promise<string> =>
      (await converse(url, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`).closed).slice(
        0,
        13,
      );
    expect(await whole('http://127.0.0.1:9883/health/live?x')).toBe('HTTP/1.1 200 ');
    expect(await whole('HTTP://localhost/metrics')).toBe('HTTP/1.1 200 ');
    expect(await whole('http://localhost')).toBe('HTTP/1.1 404 ');
    expect(await whole('http://other/metrics')).toBe('HTTP/1.1 421 ');
    for (const each of ['GET /metrics/../metrics', 'GET /../../etc/passwd', 'GET *']) {
      const { closed } = converse(url, `${each} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect(await closed).toMatch(/^HTTP\/1.1 404 /);
    }
    expect(await ask(`${url}/metrics`, {}, 'POST', 'x'.repeat(100))).toMatchObject({ status: 405 });
    const { headers } = await ask(`${url}/metrics`, {}, 'DELETE');
    expect(headers).toMatchObject({ allow: 'GET, HEAD' });
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80']) {
      expect([host, (await ask(`${url}/metrics`, { host })).status]).toEqual([host, 421]);
    }
    for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:9883', '[::1]:9883']) {
      expect([host, (await ask(`${url}/metrics`, { host })).status]).toEqual([host, 200]);
    }
  });

  test('no metrics where they are not wanted', async () => {
    const { url } = await open({ metrics: false });
    expect((await ask(`${url}/metrics`)).status).toBe(404);
    expect((await ask(`${url}/health/ready`)).status).toBe(200);
  });

  test('on both loopback addresses, and in HTTPS', async () => {
    const { url } = await open();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const six = await ask(`${url.replace('127.0.0.1', '[::1]')}/health/live`).catch(() => 'no IPv6');
    if (six !== 'no IPv6') expect(six).toMatchObject({ status: 200 });
    const { cert, key } = createTestAuthority().issue();
    const secure = await open({ tls: { cert, key } });
    expect(secure.url).toMatch(/^https:/);
    expect((await ask(`${secure.url}/health/live`)).status).toBe(200);
  });
});

describe('the token', () => {
  test('is needed for everything, and compared whole', async () => {
    const { url } = await open({ token: TOKEN });
    const wrong = [
      {},
      { authorization: '' },
      { authorization: TOKEN },
      { authorization: 'Bearer' },
      { authorization: `Basic ${TOKEN}` },
      bearer(TOKEN.slice(0, -1)),
      bearer(`${TOKEN}x`),
      bearer(TOKEN.toUpperCase()),
      bearer(`${TOKEN} ${TOKEN}`),
      bearer('x'.repeat(7_000)),
    ];
    for (const each of ['/metrics', '/health/live', '/health/ready', '/nothing']) {
      for (const headers of wrong) {
        const { status, headers: answered, body } = await ask(url + each, headers);
        expect([each, headers, status, answered['www-authenticate']]).toEqual([
          each,
          headers,
          401,
          'Bearer realm="busbar"',
        ]);
        expect(body).toBe('expected Authorization: Bearer TOKEN\n');
      }
      expect((await ask(`${url}${each}?token=${TOKEN}`)).status).toBe(401);
    }
    expect((await ask(`${url}/metrics`, bearer(TOKEN))).status).toBe(200);
    expect((await ask(`${url}/metrics`, { authorization: `bearer ${TOKEN}`, host: 'broker.plant' })).status).toBe(200);
    expect((await ask(`${url}/nothing`, bearer(TOKEN))).status).toBe(404);
  });

  test('is not needed for health where that is open, which then says no reasons', async () => {
    const { url, broker } = await open({ token: TOKEN, openHealth: true });
    broker.readiness.report('store', 'the disk /data is full');
    expect(await ask(`${url}/health/ready`)).toMatchObject({ status: 503, body: '{"ready":false}\n' });
    expect((await ask(`${url}/health/ready`, bearer(TOKEN))).body).toContain('the disk /data is full');
    expect((await ask(`${url}/metrics`)).status).toBe(401);
  });

  test('is not in the log, and a flood of wrong ones is few lines', async () => {
    const { url } = await open({ token: TOKEN });
    lines.length = 0;
    for (let time = 0; time < 50; time++) await ask(`${url}/metrics`, bearer(`guess-${time}`));
    const refusals = lines.filter(({ message }) => message.includes('token'));
    expect(refusals.length).toBeGreaterThan(0);
    expect(refusals.length).toBeLessThan(20);
    expect(JSON.stringify(lines)).not.toMatch(/k7-of|guess/);
  });
});

describe('bounds', () => {
  test('headers that are too large, and what is no HTTP', async () => {
    const { url } = await open();
    expect(await converse(url, `GET /metrics HTTP/1.1\r\nx: ${'x'.repeat(10_000)}\r\n\r\n`).closed).toMatch(/ 431 /);
    expect(await converse(url, '\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00\r\n\r\n').closed).toMatch(/ 400 /);
    expect(await converse(url, `GET /${'x'.repeat(10_000)} HTTP/1.1\r\n\r\n`).closed).toMatch(/ 431 /);
  });

  test('requests that do not end are ended, and meanwhile others are answered', async () => {
    const { url } = await open();
    const slow = Array.from({ length: 50 }, (_, at) => {
      return converse(
        url,
        at % 2 === 0 ? 'GET /metrics HTTP/1.1\r\nHost:' : 'POST /metrics HTTP/1.1\r\ncontent-length: 9\r\n',
      );
    });
    const idle = converse(url, 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect((await ask(`${url}/metrics`)).status).toBe(200);
    const answers = await Promise.all(slow.map(({ closed }) => closed));
    expect(new Set(answers.map((answer) => answer.split('\r\n')[0]))).toEqual(
      new Set(['HTTP/1.1 408 Request Timeout']),
    );
    // One that has been answered, and asks for nothing more, is let go, too.
    expect(await idle.closed).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  test('connections in all', async () => {
    const { url } = await open();
    const held = Array.from({ length: 150 }, () => converse(url, 'GET /'));
    let closed = 0;
    for (const each of held) void each.closed.then(() => closed++);
    await vi.waitFor(() => expect(closed).toBeGreaterThanOrEqual(50));
    for (const { socket } of held) socket.destroy();
    await vi.waitFor(async () => expect((await ask(`${url}/health/live`)).status).toBe(200));
  });

  test('a body that nobody wants ends the connection', async () => {
    const { url } = await open();
    const text = await converse(
      url,
      `GET /health/live HTTP/1.1\r\nHost: x\r\ncontent-length: 10\r\n\r\n${'y'.repeat(10)}`,
    ).closed;
    expect(text).toMatch(/ 421 [\s\S]*connection: close/);
  });
});

describe('the section http of a busbar.yaml', () => {
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const faultsOf = (text: string): readonly string[] => {
    try {
      loadConfiguration({ file: write('busbar.yaml', text) });
      return [];
    } catch (error) {
      if (error instanceof ConfigurationError) return error.faults;
      throw error;
    }
  };

  test('is off unless it is there; the token comes from it, a file or the environment', () => {
    expect(loadConfiguration({ file: undefined }).http).toBeUndefined();
    expect(loadConfiguration({ file: write('a.yaml', 'http: {}') })).toMatchObject({
      http: { token: undefined },
      options: { measuresTimes: true },
    });
    write('token', `${TOKEN}\n`);
    const file = write('b.yaml', 'http: { host: 0.0.0.0, tokenFile: token }');
    expect(loadConfiguration({ file }).http).toMatchObject({ token: TOKEN, host: '0.0.0.0' });
    const environment = { BUSBAR_HTTP_TOKEN: TOKEN, BUSBAR_HTTP_HOST: '0.0.0.0' };
    const loaded = loadConfiguration({ file: undefined, environment });
    expect(loaded.http).toMatchObject({ token: TOKEN });
    expect(showConfiguration(loaded.configuration)).not.toContain(TOKEN);
  });

  test('others than this machine need a token', () => {
    const where = path.join(folder, 'busbar.yaml');
    const fault = `${where}:1: http: others than this machine reach 0.0.0.0: give token or tokenFile`;
    expect(faultsOf('http: { host: 0.0.0.0 }')).toEqual([fault]);
    expect(faultsOf('http: { host: "::" }')).toEqual([fault.replace('0.0.0.0', '::')]);
    expect(faultsOf('http: { host: 0.0.0.0, token: "" }')[0]).toContain('not empty');
    expect(faultsOf('http: { token: "a b" }')[0]).toContain('without spaces');
    write('empty', '\n');
    expect(faultsOf('http: { host: 0.0.0.0, tokenFile: empty }')[0]).toContain('not empty');
    expect(faultsOf('http: { tokenFile: nowhere }')[0]).toContain('does not exist');
    expect(faultsOf('http: { token: a, tokenFile: empty }')[0]).toContain('give token or tokenFile');
    expect(faultsOf('http: { prt: 1 }')[0]).toContain('did you mean port?');
  });
});

describe('busbar broker', () => {
  test('--http: metrics and health until the broker has stopped, with a token from the environment', async () => {
    const command = startBusbar(['broker', '-p', '0', '--http', '0', '--log-format', 'json'], {
      BUSBAR_HTTP_TOKEN: TOKEN,
    });
    await command.untilStdout(/ready on/);
    const [url = ''] = /http:\/\/[\d.:]+/.exec(command.stderr) ?? [];
    expect((await ask(`${url}/metrics`)).status).toBe(401);
    expect((await ask(`${url}/health/ready`, bearer(TOKEN))).status).toBe(200);
    expect((await ask(`${url}/metrics`, bearer(TOKEN))).body).toContain(
      'busbar_store_durability{durability="memory"} 1',
    );
    command.kill('SIGTERM');
    expect((await command.ended).exitCode).toBe(0);
    expect(command.stderr).not.toContain(TOKEN);
    await expect(ask(`${url}/health/live`)).rejects.toThrow('ECONNREFUSED');
  });

  test('a reload takes over another token', async () => {
    writeFileSync(path.join(folder, 'monitoring.token'), TOKEN);
    const config = path.join(folder, 'running.yaml');
    const text = 'listeners: [{ port: 0 }]\ndata: memory\nhttp: { port: 0, tokenFile: monitoring.token }\n';
    writeFileSync(config, text);
    const command = startBusbar(['broker', '-c', config, '--log-format', 'json']);
    await command.untilStdout(/ready on/);
    const [url = ''] = /http:\/\/[\d.:]+/.exec(command.stderr) ?? [];
    expect((await ask(`${url}/metrics`, bearer(TOKEN))).status).toBe(200);
    writeFileSync(path.join(folder, 'monitoring.token'), 'another-one\n');
    command.kill('SIGHUP');
    await command.untilStderr(/"msg":"the configuration has been read again"/);
    expect((await ask(`${url}/metrics`, bearer(TOKEN))).status).toBe(401);
    expect((await ask(`${url}/metrics`, bearer('another-one'))).status).toBe(200);
    writeFileSync(config, text.replace(', tokenFile: monitoring.token', ', openHealth: true'));
    command.kill('SIGHUP');
    await command.untilStderr(/"settings":\["http"\]/);
    expect((await ask(`${url}/metrics`)).status).toBe(401);
    command.kill('SIGTERM');
    expect((await command.ended).exitCode).toBe(0);
  });

  test('none unless it is asked for; a port that is taken, a token that is missing', async () => {
    const plain = startBusbar(['broker', '-p', '0', '--log-format', 'json']);
    await plain.untilStdout(/ready on/);
    expect(plain.stderr).not.toContain('http:');
    plain.kill('SIGTERM');
    await plain.ended;
    const { http, url } = await open();
    const { port } = new URL(url);
    const taken = await runBusbar(['broker', '-p', '0', '--http', port]);
    expect(taken).toMatchObject({ exitCode: 1, stdout: '' });
    expect(taken.stderr).toContain(`http: port ${port} is taken: choose another with --http or http.port`);
    http.close();
    const open4 = await runBusbar(['broker', '--set', 'http.host=0.0.0.0', '--test-config']);
    expect(open4).toMatchObject({ exitCode: 1 });
    expect(open4.stderr).toContain('give token or tokenFile');
  });
});
