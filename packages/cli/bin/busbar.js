#!/usr/bin/env node
import { existsSync, statSync } from 'node:fs';
import * as nodeModule from 'node:module';
import path from 'node:path';

const dist = new URL('../dist/', import.meta.url);
const main = new URL(isBundleFresh() ? 'bundle/main.js' : 'main.js', dist);

/** The bundle starts quicker; while the sources are worked on, it may be older than the build that it was made of. */
function isBundleFresh() {
  const bundledAt = modifiedAt(new URL('bundle/main.js', dist));
  const notes = ['.tsbuildinfo', '../../codec/dist/.tsbuildinfo'];
  return bundledAt > 0 && notes.every((note) => modifiedAt(new URL(note, dist)) <= bundledAt);
}

/** 0 for a file that is not there. */
function modifiedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** A reader that has gone away (`| head -1`) is the ordinary end of a pipe; a full disk is an error in one line. */
function handleOutputError(error) {
  // It may come when the command has ended well already, with 0.
  const isToldElsewhere = process.stdout.listenerCount('error') > 1 || (process.exitCode ?? 0) !== 0;
  if (error.code === 'EPIPE' || isToldElsewhere) return;
  process.stderr.write(`Error: cannot write to stdout: ${error.message}\n`);
  process.exitCode = 1;
}

if (!existsSync(main)) {
  process.stderr.write('busbar is not built yet: run npm run build first\n');
  process.exitCode = 1;
} else {
  // Newer Node keeps compiled code between runs; Node 20 does without.
  nodeModule.enableCompileCache?.();
  process.stdout.on('error', handleOutputError);
  process.stderr.on('error', () => {});
  const { main: run } = await import(main.href);
  // A link may bear the name of one of mosquitto's tools.
  const calledAs = path.basename(process.argv[1] ?? '').replace(/\.(js|cmd)$/, '');
  const exitCode = await run(process.argv.slice(2), calledAs);
  process.exitCode ||= exitCode;
}
