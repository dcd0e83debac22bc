import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import {
  type Authenticator,
  Authorization,
  type BrokerOptions,
  checkListeners,
  clientCertificate,
  httpHook,
  jsonWebToken,
  type ListenerOptions,
  PasswordHasher,
  passwordFile,
  ReasonCode,
  type RuleOptions,
  type RulePlace,
  type TokenOptions,
  UsageError,
} from '@busbar/broker';
import { topicFilterFault } from '@busbar/protocol';
import { messageOf } from '../command/message-of.ts';
import { type HttpSettings, httpSettingsFault } from '../http/http-settings.ts';
import type { FindPlace } from './check-settings.ts';
import { noListenerText } from './no-listener.ts';
import { ConfigurationError, formatPath, formatPlace, type SettingPath } from './place.ts';
import type { AuthenticatorSettings, Configuration, ListenerSettings } from './schema.ts';

/** A configuration as the broker takes it. */
export type ConfiguredOptions = Omit<BrokerOptions, 'log' | 'store' | 'clock' | 'hooks'>;

/** What a configuration comes to. */
export interface ReadConfiguration {
  readonly options: ConfiguredOptions;
  /** Undefined where nothing is answered over HTTP. */
  readonly http: HttpSettings | undefined;
}

/**
 * Reads the files that a configuration names, and makes of it what `createBroker` and the HTTP server take.
 *
 * @param folder Where relative files are looked for.
 * @throws {ConfigurationError} All files that cannot be read or understood, a line each.
 */
export function readConfiguration(
  configuration: Configuration,
  folder: string,
  findPlace: FindPlace,
): ReadConfiguration {
  return new Reader(folder, findPlace).read(configuration);
}

class Reader {
  readonly #folder: string;
  readonly #findPlace: FindPlace;
  readonly #faults: string[] = [];
  readonly #hasher = new PasswordHasher();

  constructor(folder: string, findPlace: FindPlace) {
    this.#folder = folder;
    this.#findPlace = findPlace;
  }

  read(configuration: Configuration): ReadConfiguration {
    const { listeners, authentication, authorization, limits, capabilities, durability, systemTopicsInterval } =
      configuration;
    const options = {
      ...(listeners === undefined ? {} : { listeners: listeners.map((each, at) => this.#listener(each, at)) }),
      ...this.#authentication(authentication),
      ...this.#rules(authorization, listeners),
      ...(limits === undefined ? {} : { limits }),
      ...(capabilities === undefined ? {} : { capabilities }),
      ...(durability === undefined ? {} : { durability }),
      ...(systemTopicsInterval === undefined ? {} : { systemTopicsInterval }),
      measuresTimes: configuration.http !== undefined,
    } as ConfiguredOptions;
    const http = configuration.http === undefined ? undefined : this.#http(configuration.http);
    for (const [at, name] of (configuration.extensions ?? []).entries()) this.#text(name, ['extensions', at]);
    this.#crossCheck(options);
    if (this.#faults.length > 0) throw new ConfigurationError(this.#faults);
    return { options, http };
  }

  #http({ token, tokenFile, tls, ...rest }: NonNullable<Configuration['http']>): HttpSettings {
    if (token !== undefined && tokenFile !== undefined)
      this.#fail(['http', 'tokenFile'], 'http: give token or tokenFile');
    const read = (file: string, ...where: SettingPath): string => this.#text(file, ['http', ...where]);
    const settings = {
      ...rest,
      token: tokenFile === undefined ? token : read(tokenFile, 'tokenFile').trim(),
      tls: tls === undefined ? undefined : { cert: read(tls.cert, 'tls', 'cert'), key: read(tls.key, 'tls', 'key') },
    };
    // A file that could not be read is named already.
    const fault = this.#faults.length > 0 ? undefined : httpSettingsFault(settings);
    if (fault !== undefined) this.#fail(['http'], `http: ${fault}`);
    return settings;
  }

  /** What the broker itself would find wrong. */
  #crossCheck({ listeners, authorization, durability, limits }: ConfiguredOptions): void {
    for (const line of usageFault(() => new Authorization(authorization))) this.#faults.push(line);
    this.#checkListenerNames(authorization?.rules ?? [], listeners ?? []);
    for (const [at, { topicFilter }] of (durability ?? []).entries()) {
      const fault = topicFilterFault(topicFilter);
      const where = ['durability', at, 'topicFilter'];
      if (fault !== undefined) this.#fail(where, `${formatPath(where)}: ${fault}`);
    }
    // A file that could not be read is named already.
    if (this.#faults.length > 0) return;
    for (const [at, listener] of (listeners ?? []).entries()) {
      if (listener.tls !== undefined) this.#checkTls(listener.tls, ['listeners', at, 'tls']);
      for (const line of usageFault(() => checkListeners([listener], limits?.maximumClientIdentifierLength))) {
        this.#fail(['listeners', at], line.replaceAll('listeners[0]', `listeners[${at}]`));
      }
    }
  }

  /** A rule for clients of a listener that there is not is about nobody: what it denies would be allowed. */
  #checkListenerNames(rules: readonly RuleOptions[], listeners: readonly ListenerOptions[]): void {
    for (const [at, { listeners: named = [] }] of rules.entries()) {
      const where = ['authorization', 'rules', at, 'listeners'];
      for (const name of [named].flat()) {
        if (listeners.some((each) => each.name === name)) continue;
        this.#fail(where, `${formatPath(where)}: ${noListenerText(name, listeners)}`);
      }
    }
  }

  /** What a listener could not open with, or would open with in vain, is found now rather than then. */
  #checkTls({ certificates, ca, crl, ciphers }: NonNullable<ListenerOptions['tls']>, where: SettingPath): void {
    const attempt = (name: string, what: string, act: () => void): void => {
      try {
        act();
      } catch (error) {
        this.#fail([...where, name], `${formatPath(where)}: ${what} cannot be used: ${messageOf(error)}`);
      }
    };
    // Node passes over an authority that is no certificate in silence.
    if (ca !== undefined) attempt('ca', 'ca', () => new X509Certificate(ca as string));
    if (ciphers !== undefined) attempt('ciphers', `ciphers '${ciphers}'`, () => createSecureContext({ ciphers }));
    const trust = { ...(ca === undefined ? {} : { ca }), ...(crl === undefined ? {} : { crl }) };
    for (const { cert, key } of certificates) {
      const options = { cert, key, ...trust } as SecureContextOptions;
      attempt('cert', 'certificate, key, ca or crl', () => createSecureContext(options));
    }
  }

  #listener({ tls, authentication, aclFile, ...rest }: ListenerSettings, at: number): ListenerOptions {
    const where = ['listeners', at];
    return {
      ...(aclFile === undefined ? {} : { name: `listeners[${at}]` }),
      ...rest,
      ...(tls === undefined ? {} : { tls: this.#tls(tls, [...where, 'tls']) }),
      ...(authentication?.chain === undefined
        ? {}
        : { authenticators: this.#chain(authentication.chain, [...where, 'authentication', 'chain']) }),
      ...(authentication?.allowAnonymous === undefined ? {} : { allowAnonymous: authentication.allowAnonymous }),
    } as ListenerOptions;
  }

  #tls(
    { cert, key, ca, crl, pskFile, pskHint, ...rest }: NonNullable<ListenerSettings['tls']>,
    where: SettingPath,
  ): ListenerOptions['tls'] {
    const texts = (files: string | string[], name: string) =>
      [files]
        .flat()
        .map((file) => this.#text(file, [...where, name]))
        .join('\n');
    for (const [name, given] of Object.entries({ cert, key })) {
      if (given !== undefined || (pskFile !== undefined && cert === undefined && key === undefined)) continue;
      this.#fail([...where, name], `${formatPath([...where, name])} is missing: text`);
    }
    const { clientCertificates: asked = 'none' } = rest;
    // Node would trust the authorities of the Web: whoever they know a name of would come in.
    if (asked !== 'none' && ca === undefined) {
      const named = formatPath([...where, 'clientCertificates']);
      this.#fail([...where, 'clientCertificates'], `${named}: ${asked} needs ca, the authorities that are trusted`);
    }
    const hasCertificate = cert !== undefined && key !== undefined;
    const text = (given: string, name: string) => this.#text(given, [...where, name]);
    return {
      ...rest,
      certificates: hasCertificate ? [{ cert: text(cert, 'cert'), key: text(key, 'key') }] : [],
      ...(pskFile === undefined ? {} : { preSharedKeys: this.#keys(pskFile, [...where, 'pskFile']) }),
      ...(pskHint === undefined ? {} : { preSharedKeyHint: pskHint }),
      ...(ca === undefined ? {} : { ca: texts(ca, 'ca') }),
      ...(crl === undefined ? {} : { crl: texts(crl, 'crl') }),
    } as ListenerOptions['tls'];
  }

  /** `identity:key` in each line, as Mosquitto's psk_file. */
  #keys(file: string, where: SettingPath): ReadonlyMap<string, Uint8Array> {
    const keys = new Map<string, Uint8Array>();
    for (const [at, raw] of this.#text(file, where).split('\n').entries()) {
      const line = raw.trim();
      if (line === '' || line.startsWith('#')) continue;
      const [, identity = '', key = ''] = /^([^:]+):((?:[0-9a-fA-F]{2})+)$/.exec(line) ?? [];
      if (identity === '')
        this.#faults.push(`${this.#resolve(file)}:${at + 1}: expected identity:key, the key in hexadecimal`);
      else keys.set(identity, Buffer.from(key, 'hex'));
    }
    return keys;
  }

  #authentication(settings: Configuration['authentication']): Partial<ConfiguredOptions> {
    if (settings === undefined) return {};
    const { chain, allowAnonymous, backOff, flapping, sessionOwnership } = settings;
    return {
      ...(chain === undefined ? {} : { authenticators: this.#chain(chain, ['authentication', 'chain']) }),
      ...(allowAnonymous === undefined ? {} : { allowAnonymous }),
      ...(backOff === undefined && flapping === undefined ? {} : { login: { backOff, flapping } }),
      ...(sessionOwnership === undefined ? {} : { sessionOwnership }),
    };
  }

  #chain(chain: readonly AuthenticatorSettings[], where: SettingPath): Authenticator[] {
    return chain.flatMap((settings, at) => {
      const authenticator = this.#attempt([...where, at], () => this.#authenticator(settings, [...where, at]));
      return authenticator === undefined ? [] : [authenticator];
    });
  }

  #authenticator(settings: AuthenticatorSettings, where: SettingPath): Authenticator | undefined {
    if ('passwordFile' in settings) {
      const file = this.#resolve(settings.passwordFile);
      const text = this.#text(settings.passwordFile, [...where, 'passwordFile']);
      return passwordFile({ file, text }, this.#hasher);
    }
    if ('http' in settings) return httpHook(settings.http as Parameters<typeof httpHook>[0]);
    if ('certificate' in settings) return clientCertificate();
    if ('clientIdentifierPrefix' in settings) return prefixed(settings.clientIdentifierPrefix);
    const { jwksFile, publicKeyFile, secretFile, ...rest } = settings.token;
    const options = {
      ...rest,
      ...(jwksFile === undefined ? {} : { jwksFile: this.#resolve(jwksFile) }),
      ...(publicKeyFile === undefined
        ? {}
        : { publicKey: this.#text(publicKeyFile, [...where, 'token', 'publicKeyFile']) }),
      ...(secretFile === undefined
        ? {}
        : { secret: this.#text(secretFile, [...where, 'token', 'secretFile']).trimEnd() }),
    };
    return jsonWebToken(options as TokenOptions);
  }

  /** The rules of all, and those of listeners that have their own. */
  #rules(
    authorization: Configuration['authorization'],
    listeners: readonly ListenerSettings[] = [],
  ): Partial<ConfiguredOptions> {
    const own = listeners.flatMap(({ aclFile, name }, at) => {
      if (aclFile === undefined) return [];
      const where = ['listeners', at, 'aclFile'];
      const file =
        aclFile === false ? ('none' as const) : { file: this.#resolve(aclFile), text: this.#text(aclFile, where) };
      return [[name ?? `listeners[${at}]`, file] as const];
    });
    if (authorization === undefined && own.length === 0) return {};
    const common = this.#authorization(authorization ?? {});
    return { authorization: own.length === 0 ? common : { ...common, listenerAclFiles: Object.fromEntries(own) } };
  }

  #authorization({
    aclFile,
    ...rest
  }: NonNullable<Configuration['authorization']>): ConfiguredOptions['authorization'] {
    const places = (rest.rules ?? []).map((_, at): RulePlace => {
      return this.#findPlace(['authorization', 'rules', at]) ?? { file: `rules[${at}]`, line: 0 };
    });
    const where = ['authorization', 'aclFile'];
    const acl = aclFile === undefined ? undefined : { file: this.#resolve(aclFile), text: this.#text(aclFile, where) };
    return { ...rest, places, ...(acl === undefined ? {} : { aclFile: acl }) } as ConfiguredOptions['authorization'];
  }

  #resolve(file: string): string {
    return path.resolve(this.#folder, file);
  }

  #text(file: string, where: SettingPath): string {
    try {
      return readFileSync(this.#resolve(file), 'utf8');
    } catch (error) {
      const { code = 'error' } = error as NodeJS.ErrnoException;
      const reason = READ_ERRORS[code] ?? code;
      this.#fail(where, `${formatPath(where)}: ${this.#resolve(file)} ${reason}`);
      return '';
    }
  }

  #attempt<Result>(where: SettingPath, make: () => Result): Result | undefined {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      // A password file's own lines name their place.
      if (error.code === 'invalid-password-file') this.#faults.push(...error.message.split('\n'));
      else this.#fail(where, `${formatPath(where)}: ${error.message}`);
      return undefined;
    }
  }

  #fail(where: SettingPath, message: string): void {
    const place = this.#findPlace(where) ?? this.#findPlace(where.slice(0, -1));
    this.#faults.push(place === undefined ? message : `${formatPlace(place)}: ${message}`);
  }
}

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a directory',
};

/** What a caller's mistake is called, a line each; none when there is none. */
function usageFault(work: () => unknown): string[] {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof UsageError) return error.message.split('\n');
    throw error;
  }
}

function prefixed(prefix: string): Authenticator {
  const message = `the Client Identifier does not begin with ${prefix}`;
  return {
    name: 'client identifier prefix',
    authenticate: ({ clientIdentifier }) =>
      clientIdentifier.startsWith(prefix)
        ? { kind: 'next' }
        : { kind: 'deny', reasonCode: ReasonCode.notAuthorized, message },
  };
}
