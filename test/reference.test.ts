import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as codec from '@busbar/codec';
import { describe, expect, test } from 'vitest';
import { resolveCapabilities } from '../packages/broker/src/config/capabilities.ts';
import { LIMIT_BOUNDS, resolveLimits } from '../packages/broker/src/config/limits.ts';
import { METRICS } from '../packages/broker/src/metrics/metric-list.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SCRIPTS = path.join(ROOT, 'scripts/reference');

interface ErrorCodes {
  readonly usage: ReadonlyMap<string, readonly string[]>;
  readonly packet: readonly string[];
  readonly client: readonly string[];
  readonly ends: readonly string[];
  readonly classes: ReadonlyMap<string, string>;
  readonly transport: readonly string[];
  readonly uncertain: readonly string[];
}
interface ReferenceModules {
  renderLimits(root: string, config: object): string;
  renderErrors(root: string, library: object): string;
  renderMetrics(metrics: readonly object[]): string;
  collectErrorCodes(root: string): ErrorCodes;
  readWords(source: string, declaration: string): string[];
  listSources(folder: string): string[];
}
type Meanings = Readonly<
  Record<
    'USAGE_ERRORS' | 'PACKET_ERRORS' | 'CLIENT_ERRORS' | 'CLIENT_CLASSES' | 'CONNECTION_ENDS' | 'SENT_BY_THE_BROKER',
    Readonly<Record<string, unknown>>
  >
>;

const { renderErrors, renderLimits, renderMetrics, collectErrorCodes, readWords, listSources } = Object.assign(
  {},
  await import(path.join(SCRIPTS, 'render-errors.mjs')),
  await import(path.join(SCRIPTS, 'render-limits.mjs')),
  await import(path.join(SCRIPTS, 'render-metrics.mjs')),
  await import(path.join(SCRIPTS, 'error-codes.mjs')),
  await import(path.join(SCRIPTS, 'read-declarations.mjs')),
) as ReferenceModules;
const meanings = (await import(path.join(SCRIPTS, 'error-meanings.mjs'))) as Meanings;

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

describe('generated pages are what the sources say (npm run build && node scripts/generate-reference.mjs)', () => {
  test('docs/reference/errors.md', () => {
    expect(read('docs/reference/errors.md')).toBe(renderErrors(ROOT, codec));
  });

  test('docs/reference/limits.md', () => {
    const config = { LIMIT_BOUNDS, resolveLimits, resolveCapabilities };
    expect(read('docs/reference/limits.md')).toBe(renderLimits(ROOT, config));
  });

  test('docs/reference/metrics.md', () => {
    expect(read('docs/reference/metrics.md')).toBe(renderMetrics(METRICS));
  });

  test('every metric that a page names is one', () => {
    const names = new Set(METRICS.map(({ name }) => name));
    const pages = readdirSync(path.join(ROOT, 'docs/how-to')).map((page) => read(`docs/how-to/${page}`));
    const named = pages.flatMap((page) => page.match(/\bbusbar_[a-z_]+/g) ?? []);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !names.has(name.replace(/_(bucket|sum|count)$/, '')))).toEqual([]);
  });

  test('every limit and every capability has a row', () => {
    const page = read('docs/reference/limits.md');
    const names = [...Object.keys(resolveLimits()), ...Object.keys(resolveCapabilities())];
    assert.deepEqual(
      names.filter((name) => !page.includes(`| \`${name}\` |`)),
      [],
    );
  });
});

describe('the codes of errors', () => {
  const codes = collectErrorCodes(ROOT);

  test('are found where they are made', () => {
    assert.deepEqual(codes.uncertain, []);
    assert.deepEqual(codes.usage.get('topic-filter-invalid'), ['protocol', 'client', 'broker']);
    assert.deepEqual(codes.usage.get('wildcard-subscriptions-not-supported'), ['protocol']);
    assert(codes.packet.includes('malformed-packet'));
    assert(codes.client.includes('queue-full'));
    assert(codes.ends.includes('lost'));
    assert(codes.transport.includes('ECONNREFUSED'));
    assert.equal(codes.classes.get('PublishError'), 'publish-refused');
  });

  test('have each a meaning, and no meaning is left over', () => {
    assert.deepEqual(Object.keys(meanings.USAGE_ERRORS).sort(), [...codes.usage.keys()]);
    assert.deepEqual(Object.keys(meanings.PACKET_ERRORS).sort(), codes.packet);
    assert.deepEqual(Object.keys(meanings.CLIENT_ERRORS).sort(), codes.client);
    assert.deepEqual(Object.keys(meanings.CONNECTION_ENDS).sort(), codes.ends);
    const classes = ['ConnectionEndedError', ...codes.classes.keys()].sort();
    assert.deepEqual(Object.keys(meanings.CLIENT_CLASSES).sort(), classes);
  });
});

test('every Reason Code that the broker sends has a line that says when', () => {
  const senders = [
    'packages/codec/src/packet-error.ts',
    ...['broker/src', 'protocol/src/connection'].flatMap((folder) =>
      listSources(path.join(ROOT, 'packages', folder)).map((file) => path.relative(ROOT, file)),
    ),
  ].filter((file) => !path.basename(file).startsWith('client-') || file.includes('/broker/'));
  const named = senders.flatMap((file) =>
    [...read(file).matchAll(/\bReasonCode\.(\w+)/g)].map(([, name = '']) => name),
  );
  const told = meanings.SENT_BY_THE_BROKER;
  const failures = named.filter(
    (name) => Number(Object.entries(codec.ReasonCode).find(([each]) => each === name)?.[1]) >= 0x80,
  );
  assert.deepEqual(
    [...new Set(failures)].filter((name) => told[name] === undefined),
    [],
  );
  assert.deepEqual(
    Object.keys(told).filter((name) => !(name in codec.ReasonCode)),
    [],
  );
});

test('docs/how-to/read-the-loss-ledger.md tells every reason', () => {
  const reasons = readWords(read('packages/broker/src/observe/loss-ledger.ts'), 'type LossReason');
  const page = read('docs/how-to/read-the-loss-ledger.md');
  assert.deepEqual(
    reasons.filter((reason) => !page.includes(`| \`${reason}\` |`)),
    [],
  );
});
