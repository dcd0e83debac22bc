import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { parseServerUrl } from '../../src/dialer/server-address.ts';

test.each([
  ['mqtt://localhost', 'localhost', 1883],
  ['mqtt://localhost:2883', 'localhost', 2883],
  ['mqtt://192.0.2.1:1', '192.0.2.1', 1],
  ['mqtt://[::1]:1884', '::1', 1884],
  ['mqtt://[fe80::1]', 'fe80::1', 1883],
  ['mqtts://broker.example', 'broker.example', 8883],
  ['ws://broker.example/mqtt', 'broker.example', 80],
  ['wss://broker.example', 'broker.example', 443],
  ['wss://broker.example:443', 'broker.example', 443],
])('%s', (url, host, port) => {
  const { address, userName, password } = parseServerUrl(url);
  assert.deepEqual([address.host, address.port, userName, password], [host, port, undefined, undefined]);
});

test('a Unix socket is a path, and a WebSocket has one', () => {
  const { address } = parseServerUrl('unix:///run/bus%20bar.sock');
  assert.deepEqual([address.path, address.host, address.port], ['/run/bus bar.sock', '', 0]);
  assert.equal(parseServerUrl('ws://broker.example/mqtt').address.path, '/mqtt');
});

test('user name and password are decoded, and stay out of the address', () => {
  const { address, userName, password } = parseServerUrl('mqtt://pump%207:a%3Ab%40c@localhost:1884');
  assert.equal(userName, 'pump 7');
  assert.equal(password, 'a:b@c');
  assert.equal(address.url, 'mqtt://localhost:1884');
});

test('a URL object is taken too, and left as it is', () => {
  const url = new URL('mqtt://u:p@localhost');
  assert.equal(parseServerUrl(url).userName, 'u');
  assert.equal(url.username, 'u');
});

describe('faults are told without quoting the password', () => {
  test.each([
    ['localhost:1883', /the scheme must be one of mqtt, mqtts, ws, wss and unix, not 'localhost'/],
    ['http://localhost', /not 'http'/],
    ['secret', /it is no URL/],
    ['mqtt://', /host is missing|no URL/],
    ['mqtt://localhost:0', /port 0/],
    ['mqtt://localhost:70000', /no URL/],
    ['mqtt://u:%zz@localhost', /percent-encoded/],
  ])('%s', (url, message) => {
    assert.throws(
      () => parseServerUrl(url),
      (error) => {
        assert.ok(error instanceof Error);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret|%zz/);
        assert.equal((error as Error & { code: string }).code, 'server-url-invalid');
        return true;
      },
    );
  });
});
