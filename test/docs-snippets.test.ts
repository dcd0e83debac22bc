import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PeerProcess } from '@busbar/testkit';
import { beforeAll, describe, test, vi } from 'vitest';
import { type Document, ROOT, readDocuments } from './support/documents.ts';
import { parseShell, type ShellCommand } from './support/shell.ts';

const LIFETIME_MS = 60_000;
// Each test starts programs, which takes its time on a machine that is busy with other tests.
vi.setConfig({ testTimeout: LIFETIME_MS, hookTimeout: LIFETIME_MS });
const PROJECT = path.join(ROOT, 'node_modules/.cache/busbar/docs-snippets');

/** Programs that a reader has or is told to install. */
const FOREIGN_PROGRAMS = new Set(
  'cat cd curl docker git head install jq kill ln man mkdir mosquitto_pub mosquitto_rr mosquitto_sub mqtt pip python3 sh sudo systemctl tail useradd vmstat'.split(
    ' ',
  ),
);

const documents = readDocuments();

describe('snippets in TypeScript compile', () => {
  const pages = documents.filter(({ fences }) => fences.some(isCompiled));
  let diagnostics: readonly string[] = [];

  beforeAll(async () => {
    writeProject(pages);
    const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc');
    const args = [compiler, '--noEmit', '--pretty', 'false', '-p', PROJECT];
    const compilation = new PeerProcess(process.execPath, args, { cwd: PROJECT, timeoutMs: LIFETIME_MS });
    const { exitCode, stdout, stderr } = await compilation.ended;
    diagnostics = stdout.split('\n').filter((line) => line !== '');
    assert(exitCode === 0 || diagnostics.length > 0, stderr);
  });

  test.each(pages.map((page) => page.path))('%s', (page) => {
    const prefix = fileOf(page);
    assert.deepEqual(
      diagnostics.filter((line) => line.startsWith(prefix) || !line.includes('.md.')),
      [],
    );
  });
});

function isCompiled({ language, info }: { readonly language: string; readonly info: string }): boolean {
  return (language === 'ts' || language === 'js') && info !== 'fragment';
}

/** Each snippet is a module of its own, on the lines that it has in its document, so that diagnostics lead there. */
function writeProject(pages: readonly Document[]): void {
  rmSync(PROJECT, { recursive: true, force: true });
  mkdirSync(PROJECT, { recursive: true });
  writeFileSync(path.join(PROJECT, 'package.json'), '{ "type": "module" }');
  const compilerOptions = {
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    types: ['node'],
    noPropertyAccessFromIndexSignature: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
  const tsconfig = { extends: path.join(ROOT, 'tsconfig.base.json'), compilerOptions, include: ['*.ts'] };
  writeFileSync(path.join(PROJECT, 'tsconfig.json'), JSON.stringify(tsconfig));
  for (const page of pages) {
    for (const { text, line } of page.fences.filter(isCompiled)) {
      const module = `${'\n'.repeat(line - 1)}${text}export {};\n`;
      writeFileSync(path.join(PROJECT, `${fileOf(page.path)}.${line}.ts`), module);
    }
  }
}

function fileOf(page: string): string {
  return page.replaceAll('/', '__');
}

describe('shell snippets name what exists', () => {
  const pages = documents.filter(({ fences }) => fences.some(({ language }) => language === 'sh'));
  const scripts = Object.keys((JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Manifest).scripts);
  const helpByCommand = new Map<string, Promise<string>>();

  test.each(pages.map((page) => [page.path, page] as const))('%s', async (_, page) => {
    const faults: string[] = [];
    for (const fence of page.fences.filter(({ language }) => language === 'sh')) {
      for (const command of parseShell(fence.text)) {
        for (const fault of await faultsOf(command, page.text)) faults.push(`${page.path}:${fence.line}: ${fault}`);
      }
    }
    assert.deepEqual(faults, []);
  });

  async function faultsOf({ program, words }: ShellCommand, page: string): Promise<string[]> {
    const [first = '', ...rest] = words;
    if (program === 'npx') return faultsOf({ program: first, words: rest }, page);
    if (program === 'busbar') return faultsOfBusbar(first, rest);
    if (program === 'npm') return faultsOfNpm(first, rest);
    if (program === 'node') return faultsOfNode(first, page);
    return FOREIGN_PROGRAMS.has(program) ? [] : [`there is no program '${program}'`];
  }

  async function faultsOfBusbar(name: string, words: readonly string[]): Promise<string[]> {
    const isGlobal = name.startsWith('-');
    const help = await helpOf(isGlobal ? '' : name);
    const flags = (isGlobal ? [name, ...words] : words).filter((word) => /^--?[a-zA-Z]/.test(word));
    return flags
      .filter((flag) => !new RegExp(`(?:^|[\\s,])${flag}(?:[\\s,]|$)`, 'm').test(help))
      .map((flag) => `'busbar ${name}' has no ${flag}`);
  }

  async function faultsOfNpm(name: string, words: readonly string[]): Promise<string[]> {
    const script = name === 'run' ? words[0] : name;
    if (name === 'ci' || name === 'install') return [];
    if (script === undefined || !scripts.includes(script)) return [`there is no script '${script}'`];
    const given = words.slice(words.indexOf('--') + 1);
    return script === 'start' && words.includes('--') ? faultsOfBusbar('start', given) : [];
  }

  /** A script of ours, or one that the page has told the reader to write. */
  function faultsOfNode(script: string, page: string): string[] {
    if (page.includes(`into a file \`${script}\``)) return [];
    // What is built may not be there yet: a clone builds only what it runs.
    const source = script.replace(/^(examples|conformance|fuzz)\/dist\/(.*)\.js$/, '$1/$2.ts');
    return existsSync(path.join(ROOT, source)) ? [] : [`there is no ${script}`];
  }

  function helpOf(command: string): Promise<string> {
    const known = helpByCommand.get(command);
    if (known !== undefined) return known;
    const launcher = path.join(ROOT, 'packages/cli/bin/busbar.js');
    const args = [launcher, ...(command === '' ? [] : [command]), '--help'];
    const help = new PeerProcess(process.execPath, args, { timeoutMs: LIFETIME_MS }).succeeded();
    helpByCommand.set(command, help);
    return help;
  }
});

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
}
