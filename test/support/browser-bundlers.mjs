/**
 * Builds the page of the browser tests as programs build theirs: with Vite, with webpack, and with the bundler that measures the
 * client's size. None of them is told anything but where the page is: no polyfills, no aliases.
 */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleForBrowsers } from '../../scripts/client-bundle.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = path.join(ROOT, 'test/support/browser-page.mjs');
const HTML = '<!doctype html><title>busbar</title><script type="module" src="/page.mjs"></script>';

/** The files of a site by their path. @typedef {Map<string, string>} Site */

/** @type {Record<string, () => Promise<Site>>} */
export const BUNDLERS = {
  rolldown: async () =>
    new Map([
      ['/', HTML],
      ['/page.mjs', await bundleForBrowsers(readFileSync(PAGE, 'utf8'))],
    ]),
  vite: () => inFolder(buildWithVite),
  webpack: () => inFolder(buildWithWebpack),
};

/** A folder from which the packages are found. @param {(folder: string) => Promise<Site>} build */
async function inFolder(build) {
  const folder = mkdtempSync(path.join(ROOT, 'node_modules/.busbar-site-'));
  cpSync(PAGE, path.join(folder, 'page.mjs'));
  writeFileSync(path.join(folder, 'index.html'), HTML);
  try {
    return await build(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder @returns {Promise<Site>} */
async function buildWithVite(folder) {
  const { build } = await import('vite');
  const warnings = [];
  const say = (text) => void warnings.push(text);
  const customLogger = {
    info() {},
    warn: say,
    warnOnce: say,
    error: say,
    clearScreen() {},
    hasErrorLogged: () => false,
  };
  await build({
    root: folder,
    configFile: false,
    logLevel: 'warn',
    customLogger,
    build: { outDir: 'site', emptyOutDir: true },
  });
  if (warnings.length > 0) throw new Error(`Vite warns: ${warnings.join('\n')}`);
  return readSite(path.join(folder, 'site'));
}

/** @param {string} folder @returns {Promise<Site>} */
async function buildWithWebpack(folder) {
  const { default: webpack } = await import('webpack');
  const compiler = webpack({
    mode: 'production',
    context: folder,
    entry: './page.mjs',
    output: { path: path.join(folder, 'site'), filename: 'page.mjs', module: true },
    experiments: { outputModule: true },
  });
  const stats = await new Promise((resolve, reject) => {
    compiler.run((error, result) => compiler.close(() => (error ? reject(error) : resolve(result))));
  });
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  const said = [...errors, ...warnings].map(({ message }) => message);
  if (said.length > 0) throw new Error(`webpack says: ${said.join('\n')}`);
  return readSite(path.join(folder, 'site')).set('/', HTML);
}

/** @param {string} folder @returns {Site} */
function readSite(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const site = new Map(
    files.map(({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      return [`/${path.relative(folder, file)}`, readFileSync(file, 'utf8')];
    }),
  );
  return site.set('/', site.get('/index.html') ?? '');
}
