import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Broker, createBroker, makeScramCredential, scramSha256 } from '@busbar/broker';
import { connect } from '@busbar/client';
import { createTestAuthority } from '@busbar/testkit';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, test, vi } from 'vitest';

const CHROMIUM = '/usr/bin/chromium';
const ROOT = fileURLToPath(new URL('..', import.meta.url));
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

interface Bundler {
  bundleForBrowsers(program: string): Promise<string>;
  sizeOf(code: string): { readonly minified: number; readonly gzip: number };
  readonly PROGRAMS: { readonly client: string };
  readonly CLIENT_LIMIT: number;
}
const bundler = (await import(path.join(ROOT, 'scripts/client-bundle.mjs'))) as Bundler;
const { BUNDLERS } = (await import(path.join(ROOT, 'test/support/browser-bundlers.mjs'))) as {
  /** Each gives the files of the page by their path. */
  readonly BUNDLERS: Readonly<Record<string, () => Promise<ReadonlyMap<string, string>>>>;
};

/** Everything that a page may be asked for, see support/browser-page.mjs. */
interface PageBusbar {
  connect(name: string, url: string, options?: object): Promise<void>;
  publish(name: string, topic: string, text: string, qos: number): Promise<number>;
  leave(name: string, topic: string, text: string, qos: number): Promise<void>;
  seen(name: string): { events: string[]; messages: string[] };
  counters(name: string): { queued: number; inFlight: number };
  end(name: string): Promise<void>;
}
type Global = { busbar: PageBusbar };

test('the bundle for browsers stays below its limit, and needs nothing of Node', async () => {
  const { gzip } = bundler.sizeOf(await bundler.bundleForBrowsers(bundler.PROGRAMS.client));
  assert.ok(gzip <= bundler.CLIENT_LIMIT, `${gzip} bytes`);
});

// Debian's Chromium, which npm test installs; without it there is no browser to show this with.
const builds = Object.entries(BUNDLERS);
describe.skipIf(!existsSync(CHROMIUM)).each(builds)(
  'built by %s, in a real browser, Chromium, over wss',
  (_, build) => {
    const authority = createTestAuthority();
    const identity = authority.issue({ altNames: ['127.0.0.1', 'localhost'] });
    const files = createServer({ key: String(identity.key), cert: String(identity.cert) });
    let broker: Broker;
    let browser: Browser;
    let context: BrowserContext;
    let url: string;

    const startBroker = (port: number) =>
      createBroker({
        listeners: [
          { transport: 'wss', host: '127.0.0.1', port, tls: { certificates: [identity] } },
          { host: '127.0.0.1', port: 0 },
        ],
        authenticationMethods: [scramSha256((name) => users.get(name))],
      });
    const users = new Map([['panel', makeScramCredential('secret', undefined, 4_096)]]);

    beforeAll(async () => {
      const site = await build();
      for (const content of site.values()) assert.doesNotMatch(content, /\bnode:/, 'it needs modules of Node');
      files.on('request', ({ url = '/' }, response) => {
        const content = site.get(url);
        response.statusCode = content === undefined ? 404 : 200;
        response.setHeader('content-type', /js$/.test(url) ? 'text/javascript' : 'text/html');
        response.end(content);
      });
      await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
      broker = await startBroker(0);
      url = `wss://127.0.0.1:${broker.listeners[0]?.port}/mqtt`;
      const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
      browser = await chromium.launch({ executablePath: CHROMIUM, args });
      context = await browser.newContext({ ignoreHTTPSErrors: true });
    });

    afterAll(async () => {
      await browser.close();
      await broker.stop();
      files.close();
    });

    async function openPage(): Promise<Page> {
      const page = await context.newPage();
      await page.goto(`https://127.0.0.1:${(files.address() as AddressInfo).port}/`);
      await page.waitForFunction(() => 'busbar' in globalThis);
      return page;
    }

    /** Waits for an event or a message in the page. */
    async function untilSeen(page: Page, name: string, what: string): Promise<void> {
      await page.waitForFunction(
        ([name, what]) => {
          const { events, messages } = (globalThis as unknown as Global).busbar.seen(name);
          return events.at(-1) === what || messages.includes(what);
        },
        [name, what] as const,
      );
    }

    test('connects, subscribes, publishes at every QoS', async () => {
      const page = await openPage();
      await page.evaluate((url) => (globalThis as unknown as Global).busbar.connect('one', url), url);
      for (const qos of [0, 1, 2]) {
        await untilSeen(page, 'one', 'connected');
        await page.evaluate(
          (qos) => (globalThis as unknown as Global).busbar.publish('one', 'page/x', `at ${qos}: µ☃`, qos),
          qos,
        );
        await untilSeen(page, 'one', `page/x at ${qos}: µ☃`);
      }
      await page.evaluate(() => (globalThis as unknown as Global).busbar.end('one'));
      assert.deepEqual(await page.evaluate(() => (globalThis as unknown as Global).busbar.seen('one').events), [
        'connected',
        'disconnected',
        'closed',
      ]);
      await page.close();
    });

    test('authenticates with SCRAM-SHA-256 by Web Crypto', async () => {
      const page = await openPage();
      const scram = { userName: 'panel', password: 'secret' };
      await page.evaluate(([url, scram]) => (globalThis as unknown as Global).busbar.connect('two', url, { scram }), [
        url,
        scram,
      ] as const);
      await untilSeen(page, 'two', 'connected');
      await page.close();
    });

    test('connects again to a broker that comes back, and subscribes again', async () => {
      const page = await openPage();
      await page.evaluate((url) => (globalThis as unknown as Global).busbar.connect('three', url), url);
      await untilSeen(page, 'three', 'connected');
      const port = broker.listeners[0]?.port ?? 0;
      await broker.stop();
      await page.waitForFunction(() =>
        (globalThis as unknown as Global).busbar.seen('three').events.includes('disconnected'),
      );
      broker = await startBroker(port);
      await untilSeen(page, 'three', 'connected');
      await page.evaluate(() => (globalThis as unknown as Global).busbar.publish('three', 'page/y', 'again', 1));
      await untilSeen(page, 'three', 'page/y again');
      await page.close();
    });

    test('what was published off-line is in IndexedDB, and is delivered once after the page was loaded anew', async () => {
      const arrivals: string[] = [];
      const subscriber = await connect(`mqtt://127.0.0.1:${broker.listeners[1]?.port}`);
      await subscriber.subscribe('reading/#', { qos: 2 }, (message) => void arrivals.push(message.text()));
      const page = await openPage();
      const nowhere = 'wss://127.0.0.1:1/mqtt';
      await page.evaluate(
        (nowhere) => (globalThis as unknown as Global).busbar.connect('four', nowhere, { store: 'panel' }),
        nowhere,
      );
      for (const qos of [1, 2]) {
        await page.evaluate(
          (qos) => (globalThis as unknown as Global).busbar.leave('four', 'reading/1', `left at ${qos}`, qos),
          qos,
        );
      }
      await page.reload();
      await page.waitForFunction(() => 'busbar' in globalThis);
      await page.evaluate(
        (url) => (globalThis as unknown as Global).busbar.connect('four', url, { store: 'panel' }),
        url,
      );
      await untilSeen(page, 'four', 'connected');
      await page.waitForFunction(() => {
        const { queued, inFlight } = (globalThis as unknown as Global).busbar.counters('four');
        return queued + inFlight === 0;
      });
      assert.deepEqual(arrivals, ['left at 1', 'left at 2']);
      await subscriber.end();
      await page.close();
    });
  },
);
