/**
 * Holds the sources against the architecture: which package may import which, which room of a package may import
 * which, that nothing goes round in circles, and that the pure packages are pure.
 *
 *     node scripts/check-layers.mjs [root]
 *
 * Writes one line per violation and ends with exit code 1, or writes `layers ok: N files, N imports`. `import type`
 * counts like every other import: it ties the files together just as much.
 */

import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseJsonWithComments, readSource } from './read-imports.mjs';

/** Package folder: the package folders that it may import. */
const LAYERS = {
  codec: [],
  protocol: ['codec'],
  transport: [],
  testkit: ['codec', 'protocol', 'transport', 'broker'],
  client: ['codec', 'protocol', 'transport'],
  broker: ['codec', 'protocol', 'transport'],
  'store-lmdb': ['codec', 'protocol', 'transport', 'broker'],
  bench: ['codec', 'protocol', 'transport', 'client'],
  cli: ['codec', 'protocol', 'transport', 'client', 'broker', 'store-lmdb', 'bench'],
};

/** These run anywhere: no Node, no browser, no package from npm. */
const PURE = ['codec', 'protocol'];

/** These load modules that a user names, and nothing of ours that way. */
const LOADS_WHAT_IT_IS_TOLD = ['packages/cli/src/broker/load-extensions.ts'];

/** These put nothing from npm into their users' programs. */
const WITHOUT_NPM_DEPENDENCIES = ['codec', 'protocol', 'client'];

/**
 * The rooms of a package, in groups; a room is a file or folder directly under `src/`. A room imports only from the
 * groups above its own. `*` stands for every room without a line of its own. Inside its group a room may import what
 * `within` lists for it, or, where `within` is 'any', all others.
 */
const ROOMS = {
  codec: [
    { rooms: ['*'], within: 'any' },
    { rooms: ['packet'] },
    { rooms: ['decode-from-server', 'encode-from-client'] },
    { rooms: ['decode', 'encode', 'publish-view'] },
    { rooms: ['index'] },
  ],
  protocol: [
    { rooms: ['topic'] },
    { rooms: ['message'] },
    { rooms: ['session'] },
    { rooms: ['connection'] },
    { rooms: ['index'] },
  ],
  transport: [{ rooms: ['*'], within: 'any' }, { rooms: ['index'] }],
  testkit: [{ rooms: ['*'], within: 'any' }, { rooms: ['index'] }],
  client: [
    { rooms: ['*'], within: 'any' },
    { rooms: ['client'] },
    { rooms: ['connect'] },
    { rooms: ['mqttjs'] },
    { rooms: ['index'] },
  ],
  broker: [
    { rooms: ['config', 'clock', 'message'], within: { message: ['clock'] } },
    { rooms: ['authorization'] },
    { rooms: ['store', 'auth', 'observe', 'trace'] },
    { rooms: ['hook'] },
    { rooms: ['overload'] },
    { rooms: ['subscription', 'retained', 'will'] },
    { rooms: ['router'] },
    { rooms: ['session'] },
    { rooms: ['entrance', 'system', 'inspect', 'metrics', 'local'] },
    { rooms: ['assembly'] },
    { rooms: ['broker'] },
    { rooms: ['index'] },
  ],
  'store-lmdb': [{ rooms: ['*'], within: 'any' }, { rooms: ['index'] }],
  bench: [{ rooms: ['*'], within: 'any' }, { rooms: ['run-bench'] }, { rooms: ['index', 'thread'] }],
  cli: [{ rooms: ['*'], within: 'any' }, { rooms: ['main'] }, { rooms: ['index'] }],
};

/**
 * @typedef {{ folder: string, name: string, manifest: any, tsconfig: any, files: SourceFile[] }} Package
 * @typedef {{ path: string, source: import('./read-imports.mjs').Source }} SourceFile `path` is relative to the root.
 */

/**
 * @param {string} root The repository's folder.
 * @returns {{ violations: string[], fileCount: number, importCount: number }}
 */
export function checkLayers(root) {
  const packages = readPackages(root);
  const folderOf = new Map(packages.map(({ name, folder }) => [name, folder]));
  const violations = packages.flatMap((pkg) => [
    ...checkImports(pkg, folderOf),
    ...checkManifest(pkg, folderOf),
    ...checkPurity(pkg, folderOf),
    ...checkRooms(pkg),
    ...checkCycles(pkg),
  ]);
  const files = packages.flatMap((pkg) => pkg.files);
  if (files.length === 0) violations.push('packages: no source files found');
  const importCount = files.reduce((sum, file) => sum + file.source.imports.length, 0);
  return { violations, fileCount: files.length, importCount };
}

/** @param {string} root @returns {Package[]} */
function readPackages(root) {
  const folders = readdirSync(path.join(root, 'packages')).map((folder) => path.posix.join('packages', folder));
  return folders
    .filter((folder) => existsSync(path.join(root, folder, 'package.json')))
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
      const tsconfig = readTsconfig(path.join(root, folder, 'tsconfig.json'));
      const files = listFiles(root, `${folder}/src`)
        .filter((file) => file.endsWith('.ts'))
        .map((file) => ({ path: file, source: readSource(readFileSync(path.join(root, file), 'utf8')) }));
      return { folder: path.basename(folder), name: manifest.name, manifest, tsconfig, files };
    });
}

/** @param {string} file @returns The settings with what they inherit. */
function readTsconfig(file) {
  const own = parseJsonWithComments(readFileSync(file, 'utf8'));
  const base = own.extends === undefined ? {} : readTsconfig(path.join(path.dirname(file), own.extends));
  return { ...base, ...own, compilerOptions: { ...base.compilerOptions, ...own.compilerOptions } };
}

/** @param {string} root @param {string} folder Relative to the root, as the results are. @returns {string[]} */
function listFiles(root, folder) {
  if (!existsSync(path.join(root, folder))) return [];
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = `${folder}/${entry.name}`;
    return entry.isDirectory() ? listFiles(root, file) : [file];
  });
}

/** Which packages, and which files of its own, a package may import. @param {Package} pkg @param {Map<string, string>} folderOf */
function checkImports({ folder, files }, folderOf) {
  const allowed = LAYERS[folder];
  if (allowed === undefined) return [`packages/${folder}: the package is not in the layer table`];
  return eachImport(files, (specifier, file) => {
    if (specifier === undefined) {
      return LOADS_WHAT_IT_IS_TOLD.includes(file) ? undefined : 'imports something computed, so nobody can tell what';
    }
    if (isRelative(specifier)) {
      const target = resolveRelative(file, specifier);
      if (!target.startsWith(`packages/${folder}/src/`)) return `imports '${specifier}', which leaves the package`;
      if (!files.some((other) => other.path === target)) return `imports '${specifier}', which does not exist`;
      return undefined;
    }
    const name = packageName(specifier);
    const target = folderOf.get(name);
    if (target === folder) return `imports its own package by name ('${specifier}')`;
    if (target !== undefined && !allowed.includes(target)) {
      return `imports '${name}', but ${folder} may import ${allowed.join(', ') || 'no other package'}`;
    }
    return undefined;
  });
}

/** package.json and tsconfig.json name exactly the packages that are imported. @param {Package} pkg @param {Map<string, string>} folderOf */
function checkManifest({ folder, manifest, tsconfig, files }, folderOf) {
  const declared = Object.keys({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  });
  const imported = new Set(files.flatMap(({ source }) => source.imports.map(packageOfImport)).filter(Boolean));
  // A module that is loaded by its name (as pino loads its transports) is in use too.
  const isNamed = (name) => files.some(({ source }) => source.strings.has(name));
  const references = (tsconfig.references ?? []).map((reference) => path.basename(reference.path));
  const missing = [...imported].filter((name) => !declared.includes(name) && folderOf.get(name) !== folder);
  const unreferenced = [...imported].map((name) => folderOf.get(name)).filter((target) => target && target !== folder);
  return [
    ...missing.map((name) => `packages/${folder}/package.json: '${name}' is imported but not declared`),
    ...declared
      .filter((name) => !imported.has(name) && !isNamed(name))
      .map((name) => `packages/${folder}/package.json: '${name}' is declared but not imported`),
    ...declared
      .filter((name) => WITHOUT_NPM_DEPENDENCIES.includes(folder) && !folderOf.has(name))
      .map(
        (name) =>
          `packages/${folder}/package.json: '${name}' comes from npm, and ${folder} depends on nothing from there`,
      ),
    ...unreferenced
      .filter((target) => !references.includes(target))
      .map((target) => `packages/${folder}/tsconfig.json: ${target} is imported but not among the references`),
  ];
}

/** No Node, no npm, no DOM, neither imported nor in the compiler's settings. @param {Package} pkg @param {Map<string, string>} folderOf */
function checkPurity({ folder, tsconfig, files }, folderOf) {
  const isPure = PURE.includes(folder);
  const impurities = eachImport(files, (specifier) => {
    if (specifier === undefined || isRelative(specifier) || folderOf.has(packageName(specifier))) return undefined;
    if (isBuiltin(specifier)) return isPure ? `imports '${specifier}', but ${folder} is pure` : undefined;
    return WITHOUT_NPM_DEPENDENCIES.includes(folder)
      ? `imports '${specifier}' from npm, which ${folder} must not`
      : undefined;
  });
  if (!isPure) return impurities;
  for (const { path: file, source } of files) {
    for (const { text, line } of source.comments) {
      if (/^\/\/\/\s*<reference/.test(text)) impurities.push(`${file}:${line}: refers to types from outside (${text})`);
    }
  }
  const { types, lib } = tsconfig.compilerOptions;
  if (!Array.isArray(types) || types.length > 0) {
    impurities.push(`packages/${folder}/tsconfig.json: "types" must be []`);
  }
  if (!Array.isArray(lib) || !lib.every((name) => /^es/i.test(name))) {
    impurities.push(`packages/${folder}/tsconfig.json: "lib" must hold nothing but the language (ES...)`);
  }
  return impurities;
}

/** A room imports only from the groups above its own. @param {Package} pkg */
function checkRooms({ folder, files }) {
  const groups = ROOMS[folder];
  if (groups === undefined) return [];
  const groupOf = (room) => {
    const exact = groups.findIndex(({ rooms }) => rooms.includes(room));
    return exact >= 0 ? exact : groups.findIndex(({ rooms }) => rooms.includes('*'));
  };
  const strangers = new Set(files.map((file) => roomOf(file.path)).filter((room) => groupOf(room) < 0));
  const wrong = eachImport(files, (specifier, file) => {
    if (specifier === undefined || !isRelative(specifier)) return undefined;
    const from = roomOf(file);
    const to = roomOf(resolveRelative(file, specifier));
    const [fromGroup, toGroup] = [groupOf(from), groupOf(to)];
    if (from === to || fromGroup < 0 || toGroup < 0 || toGroup < fromGroup) return undefined;
    if (toGroup > fromGroup) return `imports '${specifier}': room ${from} lies below room ${to}`;
    const { within } = groups[fromGroup];
    if (within === 'any' || within?.[from]?.includes(to)) return undefined;
    return `imports '${specifier}': rooms ${from} and ${to} stand side by side`;
  });
  return [...[...strangers].map((room) => `packages/${folder}/src: room ${room} is not in the room table`), ...wrong];
}

/** One line for every import that leads back to where the road came from. @param {Package} pkg */
function checkCycles({ files }) {
  const targets = new Map(
    files.map(({ path: file, source }) => {
      const specifiers = source.imports.map(({ specifier }) => specifier).filter((name) => name && isRelative(name));
      return [file, specifiers.map((specifier) => resolveRelative(file, specifier))];
    }),
  );
  const cycles = [];
  const finished = new Set();
  const road = [];
  const visit = (file) => {
    if (road.includes(file)) {
      cycles.push(`cycle: ${[...road.slice(road.indexOf(file)), file].join(' > ')}`);
      return;
    }
    if (finished.has(file)) return;
    road.push(file);
    for (const target of targets.get(file) ?? []) visit(target);
    road.pop();
    finished.add(file);
  };
  for (const file of targets.keys()) visit(file);
  return cycles;
}

/**
 * @param {SourceFile[]} files
 * @param {(specifier: string | undefined, file: string) => string | undefined} judge Says what is wrong, if anything.
 */
function eachImport(files, judge) {
  return files.flatMap(({ path: file, source }) =>
    source.imports.flatMap(({ specifier, line }) => {
      const verdict = judge(specifier, file);
      return verdict === undefined ? [] : [`${file}:${line}: ${verdict}`];
    }),
  );
}

/** @param {{ specifier: string | undefined }} imported @returns {string | undefined} */
function packageOfImport({ specifier }) {
  if (specifier === undefined || isRelative(specifier) || isBuiltin(specifier)) return undefined;
  return packageName(specifier);
}

function packageName(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function isRelative(specifier) {
  return specifier.startsWith('.') || specifier.startsWith('/');
}

function resolveRelative(file, specifier) {
  return path.posix.join(path.posix.dirname(file), specifier);
}

/** `packages/broker/src/router/route.ts` is in room `router`, `packages/broker/src/clock.ts` in room `clock`. */
function roomOf(file) {
  return path.posix.basename(file.split('/')[3] ?? '', '.ts');
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { violations, fileCount, importCount } = checkLayers(process.argv[2] ?? path.join(import.meta.dirname, '..'));
  if (violations.length === 0) {
    process.stdout.write(`layers ok: ${fileCount} files, ${importCount} imports\n`);
  } else {
    process.stdout.write(`${violations.join('\n')}\n`);
    process.stderr.write(`layers: ${violations.length} violation${violations.length > 1 ? 's' : ''}\n`);
    process.exitCode = 1;
  }
}
