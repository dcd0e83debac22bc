import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { lowerFirst, systemWords } from '../tool/system-words.ts';
import { ProfileError } from './profile-error.ts';

/** The environment as `process.env` has it. */
type Environment = Readonly<NodeJS.ProcessEnv>;

/** Where profiles are: `$BUSBAR_PROFILES`, or `profiles.yaml` in `$XDG_CONFIG_HOME/busbar`, `~/.config/busbar`. */
export function profilesFile(env: Environment): string {
  const { BUSBAR_PROFILES: given, XDG_CONFIG_HOME: config, HOME: home = '.' } = env;
  if (given !== undefined) return given;
  const folder = config ?? path.join(home, '.config');
  return path.join(folder, 'busbar', 'profiles.yaml');
}

/**
 * The options that a profile stands for, as words of the command line. A profile maps long options to values:
 *
 *     plant1:
 *       url: mqtts://broker.plant1.example:8883
 *       username: shift
 *       pw: { env: PLANT1_PASSWORD }       # or { file: /run/secrets/plant1 }
 *       cafile: ca.pem                     # beside the profiles' file
 *
 * @throws {ProfileError} No such file or profile, a value that is none, a secret that is not there.
 */
export async function loadProfile(name: string, env: Environment): Promise<readonly string[]> {
  const file = profilesFile(env);
  const { parse } = await import('yaml');
  let profiles: unknown;
  try {
    profiles = parse(await readFile(file, 'utf8'));
  } catch (error) {
    const isOfSystem = error instanceof Error && 'syscall' in error;
    const why = isOfSystem ? lowerFirst(systemWords(error)) : error instanceof Error ? error.message : error;
    throw new ProfileError(`cannot read the profiles in ${file}: ${why}`);
  }
  if (!isRecord(profiles)) throw new ProfileError(`${file}: expected profiles by name`);
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (!isRecord(profile)) {
    const names = Object.keys(profiles);
    const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
    throw new ProfileError(`${file} has no profile '${name}': ${known}`);
  }
  const words: string[] = [];
  for (const [option, value] of Object.entries(profile)) {
    words.push(...(await wordsOf(option, value, path.dirname(file), env, `${file}: ${name}.${option}`)));
  }
  return words;
}

/** Options that name a file: relative to the profiles' file. */
const FILES: ReadonlySet<string> = new Set(['cafile', 'capath', 'cert', 'key']);

async function wordsOf(
  option: string,
  value: unknown,
  folder: string,
  env: Environment,
  where: string,
): Promise<string[]> {
  if (option === 'url') return urlWords(await textOf(value, folder, env, where), where);
  const flag = option.length === 1 ? `-${option}` : `--${option}`;
  if (value === true) return [flag];
  if (value === false) return [];
  const text = await textOf(value, folder, env, where);
  return [flag, FILES.has(option) ? path.resolve(folder, text) : text];
}

/** A URL without a topic, which `-L` would need. */
function urlWords(text: string, where: string): string[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1) ?? '';
  if (url === undefined || !['mqtt', 'mqtts', 'ws', 'wss'].includes(scheme)) {
    throw new ProfileError(`${where}: expected mqtt(s):// or ws(s)://[user[:password]@]host[:port], not '${text}'`);
  }
  const isSecure = scheme === 'mqtts' || scheme === 'wss';
  return [
    ...['-h', url.hostname, '-p', url.port || (isSecure ? '8883' : '1883')],
    ...(url.username === '' ? [] : ['-u', decodeURIComponent(url.username)]),
    ...(url.password === '' ? [] : ['-P', decodeURIComponent(url.password)]),
    ...(isSecure ? ['--tls-use-os-certs'] : []),
    ...(scheme.startsWith('ws') ? ['--ws'] : []),
    ...(scheme.startsWith('ws') && url.pathname.length > 1 ? ['--ws-path', url.pathname] : []),
  ];
}

/** Text, or a secret that stands elsewhere: `{ env: NAME }`, `{ file: path }`. */
async function textOf(value: unknown, folder: string, env: Environment, where: string): Promise<string> {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const { env: variable, file } = isRecord(value) ? (value as { env?: unknown; file?: unknown }) : {};
  if (typeof variable === 'string') {
    const text = env[variable];
    if (text === undefined) throw new ProfileError(`${where}: the environment has no ${variable}`);
    return text;
  }
  if (typeof file === 'string') {
    try {
      return (await readFile(path.resolve(folder, file), 'utf8')).replace(/\r?\n$/, '');
    } catch (error) {
      throw new ProfileError(`${where}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new ProfileError(`${where}: expected text, a number, true, false, { env: NAME } or { file: path }`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
