import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../scripts/check-layers.mjs', import.meta.url));

interface CheckLayersModule {
  checkLayers(root: string): { violations: string[]; fileCount: number; importCount: number };
}
const { checkLayers } = (await import(SCRIPT)) as CheckLayersModule;

/** A small repository without a violation: 7 files, 8 imports. */
const SOUND: Record<string, string> = {
  'tsconfig.base.json': '{ "compilerOptions": { "types": [], "lib": ["ES2023"] /* no DOM */ }, }',
  'packages/codec/package.json': manifest('@busbar/codec'),
  'packages/codec/tsconfig.json': tsconfig(),
  'packages/codec/src/byte-reader.ts': 'export const read = 1;',
  'packages/codec/src/decode.ts': "import { read } from './byte-reader.ts';\nexport const decode = read;",
  'packages/codec/src/index.ts': "export * from './decode.ts';",
  'packages/broker/package.json': manifest('@busbar/broker', { '@busbar/codec': '0.1.0', pino: '9.0.0' }),
  'packages/broker/tsconfig.json': tsconfig('codec'),
  'packages/broker/src/clock.ts': "import { performance } from 'node:perf_hooks';\nexport const now = performance.now;",
  'packages/broker/src/message.ts': "import type { decode } from '@busbar/codec';\nimport { now } from './clock.ts';",
  'packages/broker/src/observe/log.ts': "import { pino } from 'pino';\nexport const log = pino();",
  'packages/broker/src/router/router.ts': "import '../message.ts';\nimport { log } from '../observe/log.ts';",
};

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe('the script', () => {
  test('counts the files and imports of a sound repository', () => {
    const { status, stdout } = spawnSync(process.execPath, [SCRIPT, writeRepository(SOUND)], { encoding: 'utf8' });

    expect({ status, stdout }).toEqual({ status: 0, stdout: 'layers ok: 7 files, 8 imports\n' });
  });

  test('writes a line per violation and fails', () => {
    const root = writeRepository({ ...SOUND, 'packages/codec/src/decode.ts': "import 'node:fs';\nimport 'node:net';" });

    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8' });

    expect(status).toBe(1);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(stderr).toBe('layers: 2 violations\n');
  });

  test('does not find a repository without sources sound', () => {
    const root = writeRepository({
      'packages/codec/package.json': manifest('@busbar/codec'),
      'packages/codec/tsconfig.json': '{ "compilerOptions": { "types": [], "lib": ["ES2023"] } }',
    });

    expect(checkLayers(root).violations).toEqual(['packages: no source files found']);
  });
});

describe('packages', () => {
  test('an import against the layers is found', () => {
    const found = check({
      'packages/codec/src/decode.ts': "import { broker } from '@busbar/broker';",
    });

    expect(found).toContain(
      "packages/codec/src/decode.ts:1: imports '@busbar/broker', but codec may import no other package",
    );
  });

  test('a subpath of a package counts as the package', () => {
    const found = check({ 'packages/codec/src/decode.ts': "export { broker } from '@busbar/broker/router.js';" });

    expect(found[0]).toBe(
      "packages/codec/src/decode.ts:1: imports '@busbar/broker', but codec may import no other package",
    );
  });

  test('a package that is not in the table is found', () => {
    const found = check({
      'packages/extra/package.json': manifest('@busbar/extra'),
      'packages/extra/tsconfig.json': '{}',
    });

    expect(found).toEqual(['packages/extra: the package is not in the layer table']);
  });

  test('a package that imports itself by name is found', () => {
    expect(check({ 'packages/codec/src/byte-reader.ts': "import '@busbar/codec';" })).toEqual([
      "packages/codec/src/byte-reader.ts:1: imports its own package by name ('@busbar/codec')",
    ]);
  });

  test('a relative import that leaves the package is found', () => {
    expect(check({ 'packages/broker/src/router/router.ts': "import '../../../codec/src/decode.ts';" })).toEqual([
      "packages/broker/src/router/router.ts:1: imports '../../../codec/src/decode.ts', which leaves the package",
    ]);
  });

  test('a relative import that leads nowhere is found', () => {
    expect(check({ 'packages/codec/src/byte-reader.ts': "import './lost.ts';" })).toContain(
      "packages/codec/src/byte-reader.ts:1: imports './lost.ts', which does not exist",
    );
  });
});

describe('manifests', () => {
  test('an import that is not declared is found', () => {
    expect(check({ 'packages/broker/src/session/session.ts': "import { WebSocket } from 'ws';" })).toEqual([
      "packages/broker/package.json: 'ws' is imported but not declared",
    ]);
  });

  test('a declaration that nothing imports is found', () => {
    expect(check({ 'packages/broker/src/observe/log.ts': 'export const log = 1;' })).toEqual([
      "packages/broker/package.json: 'pino' is declared but not imported",
    ]);
  });

  test('a module that is loaded by its name is in use', () => {
    const found = check({ 'packages/broker/src/observe/log.ts': "export const log = { target: 'pino' };" });

    expect(found).toEqual([]);
  });

  test('an imported package that is not among the references of tsconfig.json is found', () => {
    expect(check({ 'packages/broker/tsconfig.json': tsconfig() })).toEqual([
      'packages/broker/tsconfig.json: codec is imported but not among the references',
    ]);
  });

  test('the client depends on nothing from npm', () => {
    const found = check({
      'packages/client/package.json': manifest('@busbar/client', { ws: '8.0.0' }),
      'packages/client/tsconfig.json': tsconfig(),
      'packages/client/src/client.ts': "import { connect } from 'node:net';\nimport { WebSocket } from 'ws';",
    });

    expect(found).toEqual([
      "packages/client/package.json: 'ws' comes from npm, and client depends on nothing from there",
      "packages/client/src/client.ts:2: imports 'ws' from npm, which client must not",
    ]);
  });
});

describe('pure packages', () => {
  test.each(['node:net', 'net', 'node:fs/promises'])('an import of %s is found', (specifier) => {
    expect(check({ 'packages/codec/src/byte-reader.ts': `import '${specifier}';` })).toEqual([
      `packages/codec/src/byte-reader.ts:1: imports '${specifier}', but codec is pure`,
    ]);
  });

  test('an import from npm is found', () => {
    const found = check({
      'packages/codec/package.json': manifest('@busbar/codec', { long: '5.0.0' }),
      'packages/codec/src/byte-reader.ts': "import Long from 'long';",
    });

    expect(found).toContain("packages/codec/src/byte-reader.ts:1: imports 'long' from npm, which codec must not");
  });

  test.each([
    ['types of Node', { types: ['node'] }, '"types" must be []'],
    ['types of whatever is installed', { types: undefined }, '"types" must be []'],
    ['the DOM', { lib: ['ES2023', 'DOM'] }, '"lib" must hold nothing but the language (ES...)'],
    ['the default library', { lib: undefined }, '"lib" must hold nothing but the language (ES...)'],
  ])('settings with %s are found', (_, options, complaint) => {
    const compilerOptions = { types: [], lib: ['ES2023'], ...options };

    const found = check({ 'packages/codec/tsconfig.json': JSON.stringify({ compilerOptions }) });

    expect(found).toEqual([`packages/codec/tsconfig.json: ${complaint}`]);
  });

  test('a reference to types from outside is found', () => {
    const found = check({ 'packages/codec/src/byte-reader.ts': '\n/// <reference types="node" />\nexport {};' });

    expect(found).toEqual([
      'packages/codec/src/byte-reader.ts:2: refers to types from outside (/// <reference types="node" />)',
    ]);
  });
});

describe('rooms', () => {
  test('an import from a room to the right is found', () => {
    expect(check({ 'packages/broker/src/retained/retained.ts': "import '../router/router.ts';" })).toEqual([
      "packages/broker/src/retained/retained.ts:1: imports '../router/router.ts': room retained lies below room router",
    ]);
  });

  test('an import from a room of the same group is found', () => {
    const found = check({
      'packages/broker/src/will/will.ts': "import type { Retained } from '../retained/retained.ts';",
      'packages/broker/src/retained/retained.ts': 'export type Retained = 1;',
    });

    expect(found).toEqual([
      "packages/broker/src/will/will.ts:1: imports '../retained/retained.ts': rooms will and retained stand side by side",
    ]);
  });

  test('what a room may import inside its group goes one way only', () => {
    const found = check({
      'packages/broker/src/message.ts': "import type { decode } from '@busbar/codec';",
      'packages/broker/src/clock.ts': "import './message.ts';",
    });

    expect(found).toEqual([
      "packages/broker/src/clock.ts:1: imports './message.ts': rooms clock and message stand side by side",
    ]);
  });

  test('files of one room import each other', () => {
    const found = check({
      'packages/broker/src/session/session.ts': "import './queue.ts';",
      'packages/broker/src/session/queue.ts': 'export {};',
    });

    expect(found).toEqual([]);
  });

  test('a room that is not in the table is found', () => {
    expect(check({ 'packages/broker/src/util/text.ts': 'export {};' })).toEqual([
      'packages/broker/src: room util is not in the room table',
    ]);
  });

  test('a leaf of the codec does not import the decoder', () => {
    expect(
      check({
        'packages/codec/src/decode.ts': 'export {};',
        'packages/codec/src/byte-reader.ts': "import './decode.ts';",
      }),
    ).toEqual(["packages/codec/src/byte-reader.ts:1: imports './decode.ts': room byte-reader lies below room decode"]);
  });
});

describe('cycles', () => {
  test('a cycle is found, even one of types alone', () => {
    const found = check({
      'packages/codec/src/byte-reader.ts': "import type { A } from './utf8.ts';",
      'packages/codec/src/utf8.ts': "import type { B } from './property.ts';",
      'packages/codec/src/property.ts': "import type { C } from './byte-reader.ts';",
    });

    expect(found).toEqual([
      'cycle: packages/codec/src/byte-reader.ts > packages/codec/src/utf8.ts > packages/codec/src/property.ts > packages/codec/src/byte-reader.ts',
    ]);
  });

  test('a file that imports itself is found', () => {
    expect(check({ 'packages/codec/src/byte-reader.ts': "import './byte-reader.ts';" })).toEqual([
      'cycle: packages/codec/src/byte-reader.ts > packages/codec/src/byte-reader.ts',
    ]);
  });
});

describe('reading imports', () => {
  test.each([
    ['a side effect', "import 'node:fs';"],
    ['a default', "import fs from 'node:fs';"],
    ['a namespace', "import * as fs from 'node:fs';"],
    ['names over several lines', "import {\n  a,\n  b as from,\n} from 'node:fs';"],
    ['a default and names', "import fs, { type Stats } from 'node:fs';"],
    ['a type', "import type { Stats } from 'node:fs';"],
    ['a name called from', "import from from 'node:fs';"],
    ['double quotes', 'import { a } from "node:fs";'],
    ['a comment in between', "import /* { } */ { a } // from 'x'\n from 'node:fs';"],
    ['import()', "const fs = await import('node:fs');"],
    ['import() in a template', `const fs = \`a \${\`b \${await import('node:fs')}\`}\`;`],
    ['import() of a spread', "const all = [...import('node:fs')];"],
    ['an import type', "type Stats = import('node:fs').Stats;"],
    ['export *', "export * from 'node:fs';"],
    ['export * as', "export * as fs from 'node:fs';"],
    ['export of names', "export { a, type b } from 'node:fs';"],
    ['export type', "export type { Stats } from 'node:fs';"],
    ['after a division', "const half = 1 / 2; import 'node:fs'; const x = a / b;"],
    ['after a regular expression with quotes', "const quote = /['\"/`]/g;\nimport 'node:fs';"],
    ['after a string with quotes', "const quote = 'it\\'s \"'; import 'node:fs';"],
    ['after an export without semicolon', "export default half\nimport 'node:fs'"],
  ])('%s is read', (_, source) => {
    const found = check({ 'packages/codec/src/byte-reader.ts': source });

    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^packages\/codec\/src\/byte-reader\.ts:\d: imports 'node:fs', but codec is pure$/);
  });

  test.each([
    ['a line comment', "// import 'node:fs';"],
    ['a block comment', "/*\n * @example import { a } from 'node:fs';\n */"],
    ['a string', 'const text = "import \'node:fs\'";'],
    ['a template', `const text = \`\${1}\nimport 'node:fs';\n\`;`],
    ['import.meta', "const here = import.meta.url + 'node:fs';"],
    ['a member', "thing.import('node:fs'); thing?.import('node:fs');"],
    ['a method', 'class Thing { import() {} }'],
    ['a key', "const map = { import: 'node:fs', export: 'node:fs' };"],
    ['a declaration', "export const from = 'node:fs'; export type { A }; export default 'node:fs';"],
  ])('%s is not an import', (_, source) => {
    expect(check({ 'packages/codec/src/byte-reader.ts': source })).toEqual([]);
  });

  test('an import() of something computed is found', () => {
    const found = check({ 'packages/codec/src/byte-reader.ts': '\nawait import(`node:fs`);' });

    expect(found).toEqual(['packages/codec/src/byte-reader.ts:2: imports something computed, so nobody can tell what']);
  });
});

/** The violations of the sound repository with some files changed or added. */
function check(changes: Record<string, string>): string[] {
  return checkLayers(writeRepository({ ...SOUND, ...changes })).violations;
}

function writeRepository(files: Record<string, string>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'busbar-layers-'));
  folders.push(root);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return root;
}

function manifest(name: string, dependencies: Record<string, string> = {}): string {
  return JSON.stringify({ name, dependencies });
}

function tsconfig(...references: string[]): string {
  const paths = references.map((reference) => ({ path: `../${reference}` }));
  return JSON.stringify({ extends: '../../tsconfig.base.json', references: paths });
}
