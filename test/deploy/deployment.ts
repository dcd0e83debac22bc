import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestAuthority, PeerProcess } from '@busbar/testkit';
import { onTestFinished } from 'vitest';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const BUSBAR = path.join(ROOT, 'packages/cli/bin/busbar.js');
export const LIFETIME_MS = 120_000;
/** Debian keeps servers where only root's PATH looks. */
export const PATH = `${process.env['PATH']}:/usr/sbin`;

export function readFile(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-deploy-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function startProgram(command: string, args: readonly string[], env: Record<string, string> = {}): PeerProcess {
  const program = new PeerProcess(command, args, { timeoutMs: LIFETIME_MS, env: { PATH, ...env } });
  onTestFinished(async () => {
    await program.stop('SIGTERM');
  });
  return program;
}

/** The broker as a configuration of the repository says, but for its ports, which are free ones. @returns Its ports, in order. */
export async function startBroker(
  config: string,
  listeners: number,
  ...args: readonly string[]
): Promise<{ broker: PeerProcess; ports: string[] }> {
  const free = Array.from({ length: listeners }, (_, at) => ['--set', `listeners[${at}].port=0`]).flat();
  const command = [BUSBAR, 'broker', '-c', path.join(ROOT, config), '--log-format', 'json', ...free, ...args];
  const broker = startProgram(process.execPath, command);
  await broker.untilOutput(/ready on .*\n/);
  const ports = [...broker.stdout.matchAll(/:(\d+)(?=[, ])/g)].map(([, port = '']) => port);
  return { broker, ports };
}

/** A port that nobody listened on a moment ago: for programs of others, which cannot say which free one they took. */
export async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(address !== null && typeof address === 'object');
  return String(address.port);
}

/** A file of the repository with other ports and paths. */
export function adapt(file: string, target: string, replacements: readonly (readonly [string, string])[]): string {
  let text = readFile(file);
  for (const [from, to] of replacements) {
    assert.ok(text.includes(from), `${file} does not have ${from}`);
    text = text.replaceAll(from, to);
  }
  writeFileSync(target, text);
  return target;
}

/** A certificate for localhost, in files of a folder. @returns The authority in PEM. */
export function writeCertificate(folder: string): { ca: string; cert: string; key: string; both: string } {
  const authority = createTestAuthority();
  const { cert, key } = authority.issue({ commonName: 'localhost', altNames: ['DNS:localhost', 'IP:127.0.0.1'] });
  const files = { cert: 'busbar.pem', key: 'busbar.key', both: 'both.pem' };
  const place = (name: string): string => path.join(folder, name);
  writeFileSync(place(files.cert), cert);
  writeFileSync(place(files.key), key);
  writeFileSync(place(files.both), `${cert}\n${key}`);
  return { ca: authority.cert, cert: place(files.cert), key: place(files.key), both: place(files.both) };
}
