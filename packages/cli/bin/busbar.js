#!/usr/bin/env node
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';

const main = new URL('../dist/main.js', import.meta.url);

if (!existsSync(main)) {
  process.stderr.write('busbar is not built yet: run npm run build first\n');
  process.exitCode = 1;
} else {
  // Newer Node keeps compiled code between runs; Node 20 does without.
  nodeModule.enableCompileCache?.();
  const { main: run } = await import(main.href);
  process.exitCode = await run(process.argv.slice(2));
}
