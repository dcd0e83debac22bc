import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommandError } from '../command/command-error.ts';
import { messageOf } from '../command/message-of.ts';
import { ExitCode } from '../exit-code.ts';

const ENDING = '.sock';

/** Where the control sockets of this user's brokers are: a directory that nobody else can look into. */
export function controlDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { XDG_RUNTIME_DIR: runtime } = environment;
  return runtime ? path.join(runtime, 'busbar') : path.join(tmpdir(), `busbar-${process.getuid?.() ?? 'user'}`);
}

/**
 * The control socket of the broker that listens on a port. The directory is made when it is missing, and closed to others when
 * they could look into it.
 *
 * @throws {Error} Somebody else has made the directory: who owns it could put another socket in our place.
 */
export function makeControlPath(port: number, directory = controlDirectory()): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  expectOwn(directory);
  chmodSync(directory, 0o700);
  return path.join(directory, `${port}${ENDING}`);
}

/** @throws {Error} The directory is not this user's, or is no directory. */
function expectOwn(directory: string): void {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  if (found === undefined) return;
  const own = process.getuid?.() ?? found.uid;
  if (!found.isDirectory() || found.uid !== own) {
    throw new Error(`${directory} is not a directory of this user's: remove it, or set XDG_RUNTIME_DIR`);
  }
}

/**
 * The control socket to talk to: that of the broker on a port, or the only one there is. Those of brokers that were killed are
 * removed on the way.
 *
 * @throws {CommandError} There is none, or more than one and no port was given.
 */
export async function findControlSocket(port: number | undefined): Promise<string> {
  const directory = controlDirectory();
  refuseStrangers(directory);
  const ports = await livePorts(directory);
  const [only, ...others] = port === undefined ? ports : ports.filter((each) => each === port);
  if (only !== undefined && others.length === 0) return path.join(directory, `${only}${ENDING}`);
  const running = ports.length === 0 ? 'no broker of yours runs here' : `brokers of yours run on ${ports.join(', ')}`;
  const hint = port === undefined ? '; choose one with --port' : `, none on ${port}`;
  throw new CommandError(ExitCode.failure, ports.length === 0 ? running : running + hint);
}

/** Who listens in somebody else's directory is nobody to give orders to. */
function refuseStrangers(directory: string): void {
  try {
    expectOwn(directory);
  } catch (error) {
    throw new CommandError(ExitCode.failure, messageOf(error));
  }
}

/** The ports in whose sockets somebody listens. */
async function livePorts(directory: string): Promise<number[]> {
  const ports = portsIn(directory);
  const live: number[] = [];
  for (const port of ports) {
    const file = path.join(directory, `${port}${ENDING}`);
    if (await isListening(file)) live.push(port);
    else rmSync(file, { force: true });
  }
  return live;
}

/** A socket that nobody listens in says so at once; whatever else goes wrong is for the request to tell. */
function isListening(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(file, () => settle(true));
    const settle = (isLive: boolean) => {
      socket.destroy();
      resolve(isLive);
    };
    socket.on('error', ({ code }: NodeJS.ErrnoException) => settle(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}

function portsIn(directory: string): number[] {
  let files: string[];
  try {
    files = readdirSync(directory);
  } catch {
    return [];
  }
  const ports = files.filter((file) => file.endsWith(ENDING)).map((file) => Number(file.slice(0, -ENDING.length)));
  return ports.filter(Number.isInteger).sort((one, other) => one - other);
}
