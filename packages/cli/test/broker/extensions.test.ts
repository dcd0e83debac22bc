import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from '@busbar/client';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { runBusbar, startBusbar } from '../support/running-command.ts';

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(path.join(tmpdir(), 'busbar-extensions-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

const LISTENER = 'listeners: [{ host: 127.0.0.1, port: 0 }]\ndata: memory\n';

test('modules beside the configuration take part: an object, a list, a function that is given the log', async () => {
  const upper = 'publish: (message) => ({ payload: message.text().toUpperCase() })';
  write('one.mjs', `export default { name: 'one', ${upper} };`);
  write(
    'more.mjs',
    `export default async ({ log }) => {
      log.info({ from: 'more' }, 'the extension is here');
      return [
        { name: 'two', publish: (message) => ({ payload: message.text() + '!' }) },
        { name: 'three', start: async (client) => void (await client.publish('hello', 'kept', { retain: true })) },
      ];
    };`,
  );
  const config = write('busbar.yaml', `${LISTENER}extensions: [one.mjs, ./more.mjs]\n`);
  const command = startBusbar(['broker', '--log-format', 'json', '-c', config]);
  await command.untilStdout(/ready on .*\n/);
  expect(command.stderr).toContain('"from":"more"');
  const port = /:(\d+)[, ]/.exec(command.stdout)?.[1];
  const client = await connect(`mqtt://127.0.0.1:${port}`, { reconnect: false });
  onTestFinished(() => client.end().catch(() => {}));
  const heard: string[] = [];
  await client.subscribe('#', { qos: 1 }, (message) => void heard.push(message.text()));
  await client.publish('t', 'x', { qos: 1 });
  await vi.waitFor(() => expect(heard).toEqual(['kept', 'X!']), { timeout: 30_000 });
  command.kill('SIGTERM');
  expect((await command.ended).exitCode).toBe(0);
});

describe('what cannot be an extension is refused in a line', () => {
  const cases: [name: string, text: string, expected: RegExp][] = [
    ['nothing.mjs', '', /expected a default export that is an object of hooks .*; undefined came/],
    ['nameless.mjs', 'export default {};', /the name is missing/],
    ['misspelt.mjs', "export default { name: 'x', publsh() {} };", /there is no hook 'publsh'; there are start, /],
    ['broken.mjs', 'export default {', /Unexpected end of input|Unexpected token/],
    ['throws.mjs', "throw new Error('not today');", /not today/],
    [
      'starts.mjs',
      "export default { name: 'x', start() { throw new Error('no database'); } };",
      /'x' has not started: no database/,
    ],
  ];
  test.each(cases)('%s', async (name, text, expected) => {
    write(name, text);
    const config = write(`${name}.yaml`, `${LISTENER}extensions: [${name}]\n`);
    const { exitCode, stderr } = await runBusbar(['broker', '-c', config]);
    expect(exitCode).toBe(1);
    expect(stderr.trim().split('\n').at(-1)).toMatch(expected);
  });

  test('a file that is not there is found by config check, with its line', async () => {
    const config = write('missing.yaml', `${LISTENER}extensions:\n  - missing.mjs\n`);
    const { exitCode, stdout, stderr } = await runBusbar(['config', 'check', config]);
    expect(exitCode).not.toBe(0);
    expect(stdout + stderr).toMatch(/missing\.yaml:4: extensions\[0\]: .*missing\.mjs does not exist/);
  });
});
