import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PeerProcess } from '@busbar/testkit';
import { beforeAll, describe, test, vi } from 'vitest';
import { ROOT } from './support/documents.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

interface ExportedSymbol {
  readonly entry: string;
  readonly name: string;
  readonly isValue: boolean;
  readonly comment: string;
  readonly declaration: string;
}
const { readSymbols, examplesIn, renderClientPage } = (await import(
  path.join(ROOT, 'scripts/reference/client-symbols.mjs')
)) as {
  readSymbols(root: string): readonly ExportedSymbol[];
  examplesIn(text: string): readonly string[];
  renderClientPage(symbols: readonly ExportedSymbol[]): string;
};

const symbols = readSymbols(ROOT);
const PROJECT = path.join(ROOT, 'node_modules/.cache/busbar/client-examples');

test('every public name of the client is found', () => {
  assert.ok(symbols.length > 100, `${symbols.length}`);
  for (const name of ['connect', 'Client', 'ClientOptions', 'QoS', 'FileStore', 'IndexedDbStore', 'connectAsync']) {
    assert.ok(
      symbols.some((each) => each.name === name),
      name,
    );
  }
});

test.each(symbols.map((each) => [each.name, each] as const))('%s is documented', (_, symbol) => {
  assert.notEqual(symbol.comment, '', 'it has no comment');
  assert.notEqual(symbol.declaration, '', 'its declaration is not found');
  if (symbol.isValue) assert.notEqual(examplesIn(symbol.comment).length, 0, 'it has no example');
});

test('docs/reference/client.md is what the sources say (node scripts/generate-client-reference.mjs writes it)', () => {
  const page = readFileSync(path.join(ROOT, 'docs/reference/client.md'), 'utf8');
  assert.equal(page, renderClientPage(symbols));
});

describe('examples compile', () => {
  const examples = symbols.flatMap(({ entry, name, comment, declaration }) =>
    examplesIn(`${comment}\n${declaration}`).map((text, at) => ({ file: `${name}.${at + 1}.ts`, entry, text })),
  );
  let diagnostics: readonly string[] = [];

  beforeAll(async () => {
    rmSync(PROJECT, { recursive: true, force: true });
    mkdirSync(PROJECT, { recursive: true });
    writeFileSync(path.join(PROJECT, 'package.json'), '{ "type": "module" }');
    const compilerOptions = {
      ...{ composite: false, incremental: false, declaration: false, declarationMap: false, skipLibCheck: false },
      ...{ types: ['node'], noUnusedLocals: false, noUnusedParameters: false },
    };
    const tsconfig = { extends: path.join(ROOT, 'tsconfig.base.json'), compilerOptions, include: ['*.ts'] };
    writeFileSync(path.join(PROJECT, 'tsconfig.json'), JSON.stringify(tsconfig));
    for (const { file, entry, text } of examples) writeFileSync(path.join(PROJECT, file), programOf(entry, text));
    const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc');
    const args = [compiler, '--noEmit', '--pretty', 'false', '-p', PROJECT];
    const compilation = new PeerProcess(process.execPath, args, { cwd: PROJECT, timeoutMs: 60_000 });
    const { exitCode, stdout, stderr } = await compilation.ended;
    diagnostics = stdout.split('\n').filter((line) => line !== '');
    assert(exitCode === 0 || diagnostics.length > 0, stderr);
  });

  test.each(examples.map(({ file }) => file))('%s', (file) => {
    assert.deepEqual(
      diagnostics.filter((line) => line.startsWith(file) || !/^[\w-]+\.\d+\.ts/.test(line)),
      [],
    );
  });
});

/** What examples take for granted: names that speak for themselves. */
const SURROUNDINGS = `
declare const url: string, topicFilter: string, clientIdentifier: string, now: number;
declare const client: Client;
declare const packet: { readonly reasonCode: ReasonCode };
declare const owner: ClientConnectionOwner;
declare const session: SessionState<MessageContent>;
declare const machine: ClientConnection;
declare const transport: { write(bytes: Uint8Array | undefined): void };
declare const store: { write(name: string, state: object): void; read(name: string): any };
declare const schema: z.ZodType<{ readonly celsius: number }>;
declare const temperature: TypedTopic<'plant/{line}/{machine}/temperature', { readonly celsius: number }, { readonly celsius: number }>;
declare const recipes: Map<string, string>;
declare const table: { all(): Promise<[string, Uint8Array][]>; change(changes: readonly StoreChange[]): Promise<void>; close(): Promise<void> };
declare function show(...what: unknown[]): void;
declare function slowDown(): void;
declare function fetchToken(signal: AbortSignal): Promise<string>;
declare function currentContext(): TraceContext;
declare function record(...what: unknown[]): void;
declare function withContext(context: TraceContext | undefined, run: () => unknown): unknown;
`;

/** An example as a module: its imports above, and everything of the client that it does not import itself. */
function programOf(entry: string, text: string): string {
  const lines = text.split('\n');
  const imports = lines.filter((line) => line.startsWith('import '));
  const body = lines.filter((line) => !line.startsWith('import ')).join('\n');
  const names = new Map(symbols.filter((each) => each.entry === '@busbar/client').map((each) => [each.name, each]));
  const usual = [...names.values()].map(({ name, isValue }) => (isValue ? name : `type ${name}`)).join(', ');
  const own = symbols.filter((each) => each.entry === entry && !names.has(each.name) && each.isValue);
  const further = own.filter(({ name }) => !imports.some((line) => line.includes(name))).map(({ name }) => name);
  return [
    `import { ${usual} } from '@busbar/client';`,
    ...(entry === '@busbar/client' || further.length === 0
      ? []
      : [`import { ${further.join(', ')} } from '${entry}';`]),
    "import { z } from 'zod';",
    ...imports,
    SURROUNDINGS,
    'export async function example() {',
    body,
    '}',
  ].join('\n');
}
