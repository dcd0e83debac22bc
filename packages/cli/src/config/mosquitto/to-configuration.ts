import { readdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import type { RawSettings } from '../load-yaml.ts';
import { formatPath, formatPlace, type Place, type SettingPath } from '../place.ts';
import type { AuthenticatorSettings, Configuration, ListenerSettings } from '../schema.ts';
import type { Draft, DraftListener } from './draft.ts';
import type { LogDestination } from './value.ts';

type Values = ReadonlyMap<string, { value: unknown; place: Place }>;

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
  const settings = new Translation(draft, places).translate(ports);
  return { settings, findPlace: (at: SettingPath) => places.get(formatPath(at)) };
}

const UNBOUNDED = Number.MAX_SAFE_INTEGER;
/** The standard has none that is larger. */
const LARGEST_PACKET = 268_435_460;
/** What the program itself needs, and Mosquitto does not. */
const PROGRAM_BYTES = 64 * 1024 * 1024;

/** Mosquitto's own limits where the file says nothing and clients can see them: what CONNACK says, what waits. */
const THEIR_LIMITS = {
  maximumInFlight: 20,
  receiveMaximum: 20,
  topicAliasMaximum: 10,
  outboundTopicAliasMaximum: 10,
  maximumPacketSize: 2_000_000,
  maximumQueuedMessages: 1_000,
  // What finds the queue full is lost, not what has waited longest.
  queuePolicy: 'drop-newest',
};

/** Mosquitto says nothing in words: programs that compare packets byte by byte find here what they find there. */
const THEIR_MANNERS = { announceDurability: false, plainAnswers: true };

class Translation {
  readonly #draft: Draft;
  readonly #places: Map<string, Place>;

  constructor(draft: Draft, places: Map<string, Place>) {
    this.#draft = draft;
    this.#places = places;
  }

  translate(ports: readonly number[]): Configuration {
    const { values } = this.#draft;
    const listeners = this.#listeners(ports);
    // Without a listener, only this machine reaches the broker, and needs no user.
    const isLocal = !this.#hasListeners;
    const chain = this.#chain(values, ['authentication', 'chain'], usesCertificates(values));
    const allowAnonymous = (values.get('allow_anonymous')?.value as boolean | undefined) ?? isLocal;
    const aclFile = values.get('acl_file')?.value as string | undefined;
    if (aclFile !== undefined) this.#mark(['authorization', 'aclFile'], values.get('acl_file')?.place);
    const checkRetainSource = values.get('check_retain_source')?.value as boolean | undefined;
    return {
      listeners,
      authentication: { ...(chain.length === 0 ? {} : { chain }), allowAnonymous, sessionOwnership: 'anyone' },
      ...(aclFile === undefined
        ? {}
        : { authorization: { aclFile, ...(checkRetainSource === undefined ? {} : { checkRetainSource }) } }),
      ...this.#limits(),
      ...this.#capabilities(),
      ...this.#rest(),
    } as Configuration;
  }

  get #hasListeners(): boolean {
    const { listeners, values } = this.#draft;
    return listeners.length > 0 || values.has('port') || values.has('bind_address');
  }

  #mark(at: SettingPath, place: Place | undefined): void {
    if (place !== undefined) this.#places.set(formatPath(at), place);
  }

  #fail(place: Place, message: string): void {
    this.#draft.faults.push(`${formatPlace(place)}: ${message}`);
  }

  // --- listeners -------------------------------------------------------------------------------------------------------

  #listeners(ports: readonly number[]): ListenerSettings[] {
    const { values, listeners } = this.#draft;
    const first: DraftListener[] = [];
    if (values.has('port') || values.has('bind_address')) {
      const place = values.get('port')?.place ?? values.get('bind_address')?.place ?? { file: '', line: 0 };
      const address = values.get('bind_address')?.value;
      const line = `${values.get('port')?.value ?? 1883}${address === undefined ? '' : ` ${String(address)}`}`;
      first.push({ place, values: new Map([...values, ['listener', { value: line, place }]]) });
    }
    const drafts = [...first, ...listeners];
    const made = drafts.map((listener, at) => this.#listener(listener, at));
    if (drafts.length > 0)
      return [...made, ...ports.map((port) => ({ host: anyAddress(), port, ...this.#conditions(values) }))];
    return (ports.length === 0 ? [1883] : ports).map((port) => ({
      host: 'localhost',
      port,
      ...this.#conditions(values),
    }));
  }

  #listener({ place, values }: DraftListener, at: number): ListenerSettings {
    const where = ['listeners', at];
    this.#mark(where, place);
    const line = String(values.get('listener')?.value).replace(/\s+#.*$/, '');
    const [, portText = '', address] = /^(\d+)(?:\s+(\S.*))?$/.exec(line) ?? [];
    const port = Number(portText);
    if (portText === '' || port > 65_535)
      this.#fail(place, `listener: expected a port from 0 to 65535 and an address, '${line}' came`);
    const isSocket = port === 0 && address !== undefined && isIP(address) === 0 && address !== 'localhost';
    if (line === '0')
      this.#fail(place, 'listener: port 0 needs the path of a Unix socket, or the address of a free port');
    const isWeb = values.get('protocol')?.value === 'websockets';
    const tls = this.#tls(values, [...where, 'tls'], place);
    const transport = isSocket ? 'unix' : isWeb ? (tls ? 'wss' : 'ws') : tls ? 'tls' : 'tcp';
    const maximum = values.get('max_connections')?.value as number | undefined;
    const origins = values.get('websockets_origin')?.value as string[] | undefined;
    return {
      transport,
      ...(isSocket ? { path: address } : { host: this.#host(values, address), port }),
      ...(isWeb ? { path: '*' } : {}),
      ...(tls === undefined ? {} : { tls }),
      ...(identityOf(values) === undefined || tls === undefined ? {} : { useIdentityAsUserName: identityOf(values) }),
      ...(maximum === undefined || maximum < 1 ? {} : { maximumConnections: maximum }),
      ...(origins === undefined ? {} : { allowedOrigins: origins }),
      ...(values.has('enable_proxy_protocol') ? { proxyProtocol: true } : {}),
      ...(values.has('mount_point') ? { mountPoint: values.get('mount_point')?.value } : {}),
      ...this.#conditions(values),
      ...this.#ownAuthentication(values, where),
    } as ListenerSettings;
  }

  /** What the listener asks of its clients' CONNECT. */
  #conditions(values: Values): Partial<ListenerSettings> {
    const own = (name: string) => values.get(name)?.value;
    const shared = (name: string) => (this.#draft.perListener ? values : this.#draft.values).get(name)?.value;
    const given = {
      protocolVersions: own('accept_protocol_versions'),
      allowEmptyClientIdentifier: shared('allow_zero_length_clientid'),
      useUserNameAsClientIdentifier: own('use_username_as_clientid'),
      assignedIdentifierPrefix: own('listener_auto_id_prefix') ?? shared('auto_id_prefix'),
    };
    return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  }

  #host(values: Values, address: string | undefined): string {
    const device = values.get('bind_interface');
    if (device !== undefined) return this.#addressOf(String(device.value), device.place);
    if (address !== undefined) return address;
    const domain = values.get('socket_domain')?.value;
    return domain === undefined ? anyAddress() : domain === 'ipv6' ? '::' : '0.0.0.0';
  }

  #addressOf(device: string, place: Place): string {
    const address = networkInterfaces()[device]?.[0]?.address;
    if (address === undefined) this.#fail(place, `bind_interface: there is no interface ${device} with an address`);
    return address ?? 'localhost';
  }

  #tls(values: Values, where: SettingPath, place: Place): ListenerSettings['tls'] {
    const text = (name: string) => values.get(name)?.value as string | undefined;
    const [cert, key] = [text('certfile'), text('keyfile')];
    if (cert === undefined && key === undefined) return this.#pskOnly(values, where, place);
    if (cert === undefined || key === undefined) {
      this.#fail(
        place,
        `a listener with ${cert === undefined ? 'keyfile' : 'certfile'} needs ${cert === undefined ? 'certfile' : 'keyfile'}, too`,
      );
    }
    const marks = { cert: 'certfile', key: 'keyfile', ca: 'cafile', crl: 'crlfile' };
    for (const [name, option] of Object.entries(marks)) this.#mark([...where, name], values.get(option)?.place);
    const ca = [...(text('cafile') === undefined ? [] : [text('cafile') ?? '']), ...this.#capath(values)];
    const required = values.get('require_certificate')?.value === true;
    if (!required && usesCertificates(values))
      this.#fail(place, 'use_identity_as_username and use_subject_as_username need require_certificate true');
    if (required && ca.length === 0) this.#fail(place, 'require_certificate needs cafile or capath');
    const ciphers = ciphersOf(text('ciphers_tls1.3'), text('ciphers'));
    return {
      cert: cert ?? '',
      key: key ?? '',
      ...(ca.length === 0 ? {} : { ca }),
      ...(text('crlfile') === undefined ? {} : { crl: text('crlfile') }),
      ...(required ? { clientCertificates: 'require' as const } : {}),
      ...(values.has('tls_version') ? { minVersion: text('tls_version') as 'TLSv1.2' } : {}),
      ...(ciphers === undefined ? {} : { ciphers }),
    };
  }

  /** A listener with psk_hint and without a certificate. */
  #pskOnly(values: Values, where: SettingPath, place: Place): ListenerSettings['tls'] {
    const hint = values.get('psk_hint')?.value as string | undefined;
    if (hint === undefined) return undefined;
    const file = (this.#draft.perListener ? values : this.#draft.values).get('psk_file');
    if (file === undefined) this.#fail(place, 'a listener with psk_hint needs psk_file');
    this.#mark([...where, 'pskFile'], file?.place);
    const ciphers = values.get('ciphers')?.value as string | undefined;
    const pskFile = String(file?.value ?? '');
    return { pskFile, pskHint: hint, ...(ciphers === undefined ? {} : { ciphers }) };
  }

  #capath(values: Values): string[] {
    const capath = values.get('capath');
    if (capath === undefined) return [];
    const folder = String(capath.value);
    try {
      return readdirSync(folder)
        .filter((name) => /\.(pem|crt)$/.test(name))
        .sort()
        .map((name) => path.join(folder, name));
    } catch {
      this.#fail(capath.place, `capath: ${folder} cannot be read`);
      return [];
    }
  }

  /** With `per_listener_settings` a listener has its own users, or none; otherwise only its certificates are its own. */
  #ownAuthentication(values: Values, where: SettingPath): Partial<ListenerSettings> {
    const own = values.get('listener_allow_anonymous')?.value as boolean | undefined;
    const global = this.#draft.values;
    const at = [...where, 'authentication', 'chain'];
    if (this.#draft.perListener) {
      const allowAnonymous = own ?? (values.get('allow_anonymous')?.value as boolean | undefined) ?? false;
      const aclFile = values.get('acl_file');
      this.#mark([...where, 'aclFile'], aclFile?.place);
      const authentication = { chain: this.#chain(values, at, usesCertificates(values)), allowAnonymous };
      const rules =
        aclFile === undefined
          ? this.#hasOwnRules
            ? { aclFile: false as const }
            : {}
          : { aclFile: String(aclFile.value) };
      return { authentication, ...rules };
    }
    if (!usesCertificates(values)) return own === undefined ? {} : { authentication: { allowAnonymous: own } };
    const chain = this.#chain(global, at, true);
    return { authentication: { chain, allowAnonymous: own ?? global.get('allow_anonymous')?.value === true } };
  }

  /** Whether some listener has rules of its own, or that of `port`, to which what stands first belongs: those without have none. */
  get #hasOwnRules(): boolean {
    const { values, listeners } = this.#draft;
    return values.has('acl_file') || listeners.some((listener) => listener.values.has('acl_file'));
  }

  #chain(values: Values, where: SettingPath, withCertificate: boolean): AuthenticatorSettings[] {
    const prefix = this.#draft.values.get('clientid_prefixes')?.value as string | undefined;
    const passwords = values.get('password_file');
    const chain: AuthenticatorSettings[] = [];
    if (prefix !== undefined) chain.push({ clientIdentifierPrefix: prefix });
    if (withCertificate) chain.push({ certificate: true });
    if (passwords !== undefined) {
      this.#mark([...where, chain.length, 'passwordFile'], passwords.place);
      this.#mark([...where, chain.length], passwords.place);
      chain.push({ passwordFile: String(passwords.value) });
    }
    return chain;
  }

  // --- the rest --------------------------------------------------------------------------------------------------------

  #limits(): Partial<Configuration> {
    const limits: Record<string, number | string> & typeof THEIR_LIMITS = { ...THEIR_LIMITS };
    const take = (name: string, setting: string, convert: (value: number) => number = (value) => value) => {
      const given = this.#draft.values.get(name);
      if (given === undefined) return;
      limits[setting] = convert(given.value as number);
      this.#mark(['limits', setting], given.place);
    };
    const unboundedAtZero = (value: number) => (value <= 0 ? UNBOUNDED : value);
    take('max_inflight_messages', 'maximumInFlight', (value) => (value > 0 ? value : 65_535));
    take('max_inflight_messages', 'receiveMaximum', (value) => (value > 0 ? value : 65_535));
    take('max_keepalive', 'maximumKeepAlive');
    take('message_size_limit', 'maximumPayloadSize', (value) => value || LARGEST_PACKET);
    take('max_packet_size', 'maximumPacketSize', (value) => Math.min(Math.max(value, 32), LARGEST_PACKET));
    take('max_queued_messages', 'maximumQueuedMessages', unboundedAtZero);
    take('max_queued_bytes', 'maximumQueuedBytes', (value) => Math.max(unboundedAtZero(value), 1024));
    take('persistent_client_expiration', 'maximumSessionExpiryInterval');
    take('memory_limit', 'memoryLimit', (value) => (value === 0 ? 0 : value + PROGRAM_BYTES));
    take('global_max_clients', 'maximumSessions', unboundedAtZero);
    take('global_max_connections', 'maximumConnections', unboundedAtZero);
    const aliases = this.#sameForAll('max_topic_alias');
    if (aliases !== undefined) limits.topicAliasMaximum = aliases;
    const own = this.#sameForAll('max_topic_alias_broker');
    if (own !== undefined) limits.outboundTopicAliasMaximum = own;
    return { limits } as Partial<Configuration>;
  }

  #capabilities(): Partial<Configuration> {
    const retain = this.#draft.values.get('retain_available')?.value as boolean | undefined;
    const qos = this.#sameForAll('max_qos') as 0 | 1 | 2 | undefined;
    const queues = this.#draft.values.get('queue_qos0_messages')?.value as boolean | undefined;
    return {
      capabilities: {
        ...THEIR_MANNERS,
        ...(retain === undefined ? {} : { retainAvailable: retain }),
        ...(qos === undefined ? {} : { maximumQoS: qos }),
        ...(queues === undefined ? {} : { queueQoS0: queues }),
      },
    };
  }

  /** An option that every listener has here together: all that say it must say the same. */
  #sameForAll(name: string): number | undefined {
    const given = [this.#draft.values, ...this.#draft.listeners.map(({ values }) => values)].flatMap(
      (values) => values.get(name) ?? [],
    );
    const [first, ...others] = given;
    const other = others.find(({ value }) => value !== first?.value);
    if (other !== undefined) this.#fail(other.place, `${name} must be the same for all listeners`);
    if (first !== undefined && given.length < this.#draft.listeners.length)
      this.#draft.notices.push(`${formatPlace(first.place)}: ${name} holds for all listeners`);
    return first?.value as number | undefined;
  }

  #rest(): Partial<Configuration> {
    const { values } = this.#draft;
    const interval = values.get('sys_interval')?.value as number | undefined;
    const isKept = values.get('persistence')?.value === true;
    const folder = (values.get('persistence_location')?.value as string | undefined) ?? '.';
    const pidFile = values.get('pid_file')?.value as string | undefined;
    this.#mark(['pidFile'], values.get('pid_file')?.place);
    return {
      data: isKept ? path.join(folder, 'busbar-data') : 'memory',
      ...(interval === undefined ? {} : { systemTopicsInterval: interval }),
      ...(pidFile === undefined ? {} : { pidFile }),
      ...this.#log(),
    };
  }

  #log(): Partial<Configuration> {
    const types = (this.#draft.values.get('log_type')?.value ?? []) as string[];
    const { value = [], place } = this.#draft.values.get('log_dest') ?? {};
    const destinations = value as LogDestination[];
    if (destinations.includes('none') || types.includes('none')) return { log: { level: 'silent' } };
    const [file] = destinations.flatMap((each) => (typeof each === 'object' && 'file' in each ? [each.file] : []));
    const level = levelOf(types);
    if (file !== undefined) this.#mark(['log', 'file'], place);
    if (file === undefined && level === undefined) return {};
    return { log: { ...(level === undefined ? {} : { level }), ...(file === undefined ? {} : { file }) } };
  }
}

/** The lowest level that is named. */
function levelOf(types: readonly string[]): 'debug' | 'info' | 'warn' | 'error' | undefined {
  if (types.length === 0) return undefined;
  const has = (...names: string[]): boolean => types.some((type) => names.includes(type));
  if (has('all', 'debug', 'subscribe', 'unsubscribe', 'websockets', 'internal')) return 'debug';
  if (has('information', 'notice')) return 'info';
  return has('warning') ? 'warn' : 'error';
}

function identityOf(values: Values): 'cn' | 'subject' | undefined {
  if (values.get('use_identity_as_username')?.value === true) return 'cn';
  return values.get('use_subject_as_username')?.value === true ? 'subject' : undefined;
}

/** One list for all versions. With suites of TLS 1.3 alone it would leave none for 1.2; the other way round Node adds its own. */
function ciphersOf(forTls13: string | undefined, forTls12: string | undefined): string | undefined {
  return forTls13 === undefined ? forTls12 : `${forTls13}:${forTls12 ?? 'DEFAULT:!aNULL'}`;
}

function usesCertificates(values: Values): boolean {
  return identityOf(values) !== undefined;
}

/** Every address; on a machine without IPv6, every address of IPv4. */
function anyAddress(): string {
  const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ family }) => family === 'IPv6'));
  return hasIpv6 ? '::' : '0.0.0.0';
}
