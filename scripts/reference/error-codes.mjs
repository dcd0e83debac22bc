/**
 * Which stable codes the errors of the libraries have, read from their sources: from the unions of types where there are
 * such, from the calls of the constructors where there are none.
 */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { listSources, readWords } from './read-declarations.mjs';

const PACKAGES = ['codec', 'protocol', 'transport', 'client', 'broker'];

/** How system codes and those of Node look. */
const SYSTEM_CODE = /'(E[A-Z]{3,}|ERR_[A-Z_]+|ABORT_ERR)'/g;

/**
 * @typedef {{ usage: Map<string, string[]>, packet: string[], client: string[], ends: string[],
 *   classes: Map<string, string>, transport: string[], uncertain: string[] }} ErrorCodes
 *   `usage`: code and the packages that throw it; `classes`: error class of the client and its one code; `uncertain`: calls
 *   whose code is not a literal, so that nobody can tell what it is.
 */

/**
 * @param {string} root The repository's folder.
 * @returns {ErrorCodes}
 */
export function collectErrorCodes(root) {
  const sources = PACKAGES.flatMap((pkg) =>
    listSources(path.join(root, 'packages', pkg, 'src')).map((file) => ({
      pkg,
      file,
      text: readFileSync(file, 'utf8'),
    })),
  );
  const clientErrors = readFileSync(path.join(root, 'packages/client/src/errors.ts'), 'utf8');
  const packetErrors = readFileSync(path.join(root, 'packages/codec/src/packet-error.ts'), 'utf8');
  return {
    usage: usageCodes(sources),
    packet: readWords(packetErrors, 'type PacketErrorCode').sort(),
    client: readWords(clientErrors, 'type ClientErrorCode').sort(),
    ends: readWords(clientErrors.slice(clientErrors.indexOf('class ConnectionEndedError')), 'readonly code:').sort(),
    classes: classCodes(clientErrors),
    transport: transportCodes(sources),
    uncertain: sources.flatMap(({ file, text }) => uncertainCalls(path.relative(root, file), text)),
  };
}

function usageCodes(sources) {
  const packagesByCode = new Map();
  for (const { pkg, text } of sources) {
    for (const maker of ['new UsageError', ...makersOf(text)]) {
      for (const [, code] of text.matchAll(new RegExp(`\\b${maker}\\(\\s*'([^']+)'`, 'g'))) {
        packagesByCode.set(code, new Set([...(packagesByCode.get(code) ?? []), pkg]));
      }
    }
  }
  const codes = [...packagesByCode.keys()].sort();
  return new Map(codes.map((code) => [code, [...packagesByCode.get(code)]]));
}

/** Functions of a file that make a UsageError with the code that they are given. */
function makersOf(text) {
  return [...text.matchAll(/function (\w+)\(code: string[^)]*\)[^{]*\{\s*return new UsageError\(code,/g)].map(
    ([, name]) => name,
  );
}

function uncertainCalls(file, text) {
  const makers = makersOf(text).length;
  const computed = [...text.matchAll(/new UsageError\(\s*([^'\s)][^,)]*)/g)].map(([, argument]) => argument);
  if (computed.length <= makers) return [];
  return computed.map((argument) => `${file}: new UsageError(${argument}, ...)`);
}

/** `class X ... readonly code = 'x'`. */
function classCodes(text) {
  const classes = text.matchAll(/export class (\w+) extends Error \{([\s\S]*?)\n\}/g);
  return new Map(
    [...classes].flatMap(([, name, body]) => {
      const [, code] = /readonly code = '([^']+)'/.exec(body) ?? [];
      return code === undefined ? [] : [[name, code]];
    }),
  );
}

function transportCodes(sources) {
  // What a lock file or a directory answers is nothing that a connection can be told.
  const told = sources.filter(({ text }) => !text.includes("'EEXIST'"));
  const named = told.flatMap(({ text }) => [...text.matchAll(SYSTEM_CODE)].map(([, code]) => code));
  return [...new Set([...named, 'UNKNOWN'])].sort();
}
