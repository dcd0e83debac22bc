import path from 'node:path';
import type { RawSettings } from '../load-yaml.ts';
import { formatPath, type Place, type SettingPath } from '../place.ts';
import type { Configuration } from '../schema.ts';
import type { Draft } from './draft.ts';
import { translateChain } from './to-chain.ts';
import { translateCapabilities, translateLimits } from './to-limits.ts';
import { translateListeners } from './to-listeners.ts';
import { Translation, usesCertificates } from './translation.ts';
import type { LogDestination } from './value.ts';

/** A mosquitto.conf in the settings of a busbar.yaml. */
export interface TranslatedConf extends RawSettings {
  readonly settings: Configuration;
}

/**
 * Translates what the lines say into the settings of a `busbar.yaml`. Faults that only show here - a listener with a
 * certificate and no key - are added to the draft's.
 *
 * @param ports Of `-p` on the command line: further listeners.
 */
export function toConfiguration(draft: Draft, ports: readonly number[] = []): TranslatedConf {
  const places = new Map<string, Place>();
  const settings = translate(new Translation(draft, places), ports);
  return { settings, findPlace: (at: SettingPath) => places.get(formatPath(at)) };
}

function translate(translation: Translation, ports: readonly number[]): Configuration {
  return {
    listeners: translateListeners(translation, ports),
    authentication: authentication(translation),
    ...authorization(translation),
    limits: translateLimits(translation),
    capabilities: translateCapabilities(translation),
    ...rest(translation),
  } as Configuration;
}

function authentication(translation: Translation): Configuration['authentication'] {
  const { values, draft } = translation;
  // Without a listener, only this machine reaches the broker, and needs no user.
  const isLocal = draft.listeners.length === 0 && !values.has('port') && !values.has('bind_address');
  const chain = translateChain(translation, values, ['authentication', 'chain'], usesCertificates(values));
  const allowAnonymous = (values.get('allow_anonymous')?.value as boolean | undefined) ?? isLocal;
  return { ...(chain.length === 0 ? {} : { chain }), allowAnonymous, sessionOwnership: 'anyone' };
}

function authorization(translation: Translation): Partial<Configuration> {
  const { values } = translation;
  const file = values.get('acl_file');
  if (file === undefined) return {};
  translation.mark(['authorization', 'aclFile'], file.place);
  const checkRetainSource = values.get('check_retain_source')?.value as boolean | undefined;
  const check = checkRetainSource === undefined ? {} : { checkRetainSource };
  return { authorization: { aclFile: String(file.value), ...check } };
}

function rest(translation: Translation): Partial<Configuration> {
  const { values } = translation.draft;
  const interval = values.get('sys_interval')?.value as number | undefined;
  const isKept = values.get('persistence')?.value === true;
  const folder = (values.get('persistence_location')?.value as string | undefined) ?? '.';
  const pidFile = values.get('pid_file')?.value as string | undefined;
  translation.mark(['pidFile'], values.get('pid_file')?.place);
  return {
    data: isKept ? path.join(folder, 'busbar-data') : 'memory',
    ...(interval === undefined ? {} : { systemTopicsInterval: interval }),
    ...(pidFile === undefined ? {} : { pidFile }),
    ...log(translation),
  };
}

function log(translation: Translation): Partial<Configuration> {
  const types = (translation.values.get('log_type')?.value ?? []) as string[];
  const { value = [], place } = translation.values.get('log_dest') ?? {};
  const destinations = value as LogDestination[];
  if (destinations.includes('none') || types.includes('none')) return { log: { level: 'silent' } };
  const [file] = destinations.flatMap((each) => (typeof each === 'object' && 'file' in each ? [each.file] : []));
  const level = levelOf(types);
  if (file !== undefined) translation.mark(['log', 'file'], place);
  if (file === undefined && level === undefined) return {};
  return { log: { ...(level === undefined ? {} : { level }), ...(file === undefined ? {} : { file }) } };
}

/** The lowest level that is named. */
function levelOf(types: readonly string[]): 'debug' | 'info' | 'warn' | 'error' | undefined {
  if (types.length === 0) return undefined;
  const has = (...names: string[]): boolean => types.some((type) => names.includes(type));
  if (has('all', 'debug', 'subscribe', 'unsubscribe', 'websockets', 'internal')) return 'debug';
  if (has('information', 'notice')) return 'info';
  return has('warning') ? 'warn' : 'error';
}
