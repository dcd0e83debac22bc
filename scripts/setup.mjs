/**
 * Makes a clone ready to run: checks Node, installs the packages, builds. What is already done is not done again, so
 * the second time takes a few hundredths of a second.
 *
 * - Installed means: `node_modules/.package-lock.json`, npm's own note of what it installed, has every package of
 *   `package-lock.json` in the same version, its folder is there, and the manifests ask for what the lock file knows.
 * - Built means: the last build succeeded, its files are still there, and no source has another size or time since.
 *
 * `npm start` and `npm test` call {@link setUp}.
 */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { bundleCommand } from './bundle-command.mjs';
import { ROOT, run, SetUpError, step } from './run.mjs';

const OLDEST_NODE = [20, 19];

/** What `npm start` and `npm test` run from `dist/`; `tsc -b` builds what these refer to as well. */
const BUILT_PROJECTS = [
  'packages/cli',
  'packages/codec/tsconfig.browser.json',
  'packages/transport/tsconfig.browser.json',
  'packages/client/tsconfig.browser.json',
  'examples',
];
const BUILD_STAMP = 'node_modules/.cache/busbar/build.json';
const DEPENDENCY_FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];

/**
 * Checks, installs and builds what is needed. Progress goes to standard error.
 * @throws {SetUpError} Node is too old, the packages cannot be installed, or the sources do not build.
 */
export async function setUp() {
  const startedAt = performance.now();
  checkNode();
  const reason = reasonToInstall();
  if (reason !== undefined) await step(`installing packages (npm ci, because ${reason})`, install);
  const stamp = readJson(BUILD_STAMP);
  const sources = fingerprint(listSources());
  const lost = stamp?.outputs.some((file) => !existsSync(path.join(ROOT, file))) ?? false;
  if (stamp?.sources !== sources || lost) {
    await step(`building (tsc -b ${BUILT_PROJECTS.join(' ')})`, () => build(sources, lost));
  } else if (reason === undefined) {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(2);
    process.stderr.write(`busbar: packages and build are up to date, ${seconds} s\n`);
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new SetUpError(
    `Busbar needs Node ${OLDEST_NODE.join('.')} or newer, and ${process.execPath} is ${process.version}: ` +
      'get a newer one from https://nodejs.org or your distribution.',
  );
}

/** Says why `npm ci` must run, or undefined when everything is installed as locked. */
function reasonToInstall() {
  const installed = readJson('node_modules/.package-lock.json')?.packages;
  if (installed === undefined) return 'node_modules is missing';
  for (const [folder, locked] of Object.entries(readJson('package-lock.json').packages)) {
    if (folder.split('/').includes('node_modules')) {
      const found = installed[folder];
      // Packages for other platforms and what an --omit left out may be absent.
      if (found === undefined && (locked.optional || locked.devOptional)) continue;
      const isAsLocked = found?.version === locked.version && found?.link === locked.link;
      if (!isAsLocked || !existsSync(path.join(ROOT, folder))) return `${folder} is not as locked`;
    } else {
      const manifest = readJson(path.join(folder, 'package.json'));
      if (manifest === undefined) return `package-lock.json knows ${folder}, which is gone`;
      const changed = DEPENDENCY_FIELDS.find((field) => !isDeepStrictEqual(manifest[field] ?? {}, locked[field] ?? {}));
      if (changed) return `${path.join(folder, 'package.json')} changed its ${changed}`;
    }
  }
  return undefined;
}

async function install() {
  const npm = process.env.npm_execpath ?? '';
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = /npm-cli\.c?js$/.test(npm)
    ? await run(process.execPath, [npm, ...args])
    : await run('npm', args);
  const complaint = output.split('npm error Clean install a project')[0]; // what follows is npm's manual
  if (code !== 0) throw new SetUpError(`npm ci failed with exit code ${code}:\n${complaint.trim()}`);
}

/** @param {string} sources The sources' fingerprint. @param {boolean} force Write files that tsc believes are there. */
async function build(sources, force) {
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-b', ...BUILT_PROJECTS, ...(force ? ['--force'] : [])];
  const { code, output } = await run(process.execPath, args);
  if (code !== 0) throw new SetUpError(`the sources do not build:\n${output.trim()}`);
  await bundleCommand();
  const outputs = projectFolders()
    .flatMap((folder) => listFiles(path.join(folder, 'dist')))
    .filter((file) => file.endsWith('.js'));
  mkdirSync(path.dirname(path.join(ROOT, BUILD_STAMP)), { recursive: true });
  writeFileSync(path.join(ROOT, BUILD_STAMP), JSON.stringify({ sources, outputs }));
}

function projectFolders() {
  const packages = readdirSync(path.join(ROOT, 'packages')).map((name) => path.join('packages', name));
  return [...packages, 'examples'];
}

/** Everything that the build depends on: sources, their settings, and the compiler. */
function listSources() {
  const settings = ['tsconfig.base.json', 'scripts/bundle-command.mjs', 'node_modules/typescript/package.json'];
  for (const folder of projectFolders()) {
    settings.push(path.join(folder, 'tsconfig.json'), path.join(folder, 'package.json'));
    settings.push(...listFiles(folder === 'examples' ? folder : path.join(folder, 'src')));
  }
  return settings;
}

/** @param {string} folder @returns {string[]} Files below the folder, without `dist` and `node_modules` of subfolders. */
function listFiles(folder) {
  if (!existsSync(path.join(ROOT, folder))) return [];
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (!entry.isDirectory()) return [file];
    return entry.name === 'dist' || entry.name === 'node_modules' ? [] : listFiles(file);
  });
}

/** @param {string[]} files */
function fingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const stat = statSync(path.join(ROOT, file), { throwIfNoEntry: false });
    hash.update(`${file}\0${stat?.size}\0${stat?.mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** @param {string} file @returns The file's content, or undefined when it is missing or broken. */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'));
  } catch {
    return undefined;
  }
}
