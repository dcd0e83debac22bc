import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, test, vi } from 'vitest';
import { STORE_CASES } from '../packages/client/test/store/store-contract.ts';

const CHROMIUM = '/usr/bin/chromium';
const ROOT = fileURLToPath(new URL('..', import.meta.url));
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const { bundleForBrowsers } = (await import(path.join(ROOT, 'scripts/client-bundle.mjs'))) as {
  bundleForBrowsers(program: string): Promise<string>;
};

/** Runs each case on a database of its own. */
const PROGRAM = `
  import { IndexedDbStore } from '@busbar/client/indexeddb-store';
  import { STORE_CASES } from ${JSON.stringify(path.join(ROOT, 'packages/client/test/store/store-contract.ts'))};
  globalThis.open = (name) => new IndexedDbStore(name);
  globalThis.runCase = (name) => STORE_CASES.find((each) => each.name === name).run(() => open(name));
`;

type Store = { load(): Promise<unknown>; close(): Promise<void> };
type Global = { runCase(name: string): Promise<void>; open(name: string): Store };

// Debian's Chromium, which npm test installs; without it there is no browser to show this with.
describe.skipIf(!existsSync(CHROMIUM))('the IndexedDB store keeps the contract, in Chromium', () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const script = await bundleForBrowsers(PROGRAM);
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
    browser = await chromium.launch({ executablePath: CHROMIUM, args });
    page = await browser.newPage();
    await page.route('http://localhost/', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>x</title>' }),
    );
    await page.goto('http://localhost/');
    await page.addScriptTag({ type: 'module', content: script });
    await page.waitForFunction(() => 'runCase' in globalThis);
  });

  afterAll(() => browser.close());

  test.each(STORE_CASES)('$name', async ({ name }) => {
    await page.evaluate((name) => (globalThis as unknown as Global).runCase(name), name);
  });

  test('one that waits for another page can be closed, and lets the next one in', async () => {
    const names = await page.evaluate(async () => {
      const { open } = globalThis as unknown as Global;
      const done: string[] = [];
      const first = open('shared');
      await first.load();
      const second = open('shared');
      const waiting = second.load().catch(() => done.push('gave up'));
      await second.close();
      await waiting;
      const third = open('shared');
      const loaded = third.load().then(() => done.push('loaded'));
      done.push('waits');
      await first.close();
      await loaded;
      await third.close();
      return done;
    });
    assert.deepEqual(names, ['gave up', 'waits', 'loaded']);
  });
});
