import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Place, SettingPath } from '../place.ts';
import type { ListenerSettings } from '../schema.ts';
import type { DraftListener } from './draft.ts';
import { translateChain } from './to-chain.ts';
import { translateTls } from './to-tls.ts';
import { identityOf, type Translation, usesCertificates, type Values } from './translation.ts';

/**
 * The listeners of the file, and those of the command line.
 *
 * @param ports Of `-p`.
 */
export function translateListeners(translation: Translation, ports: readonly number[]): ListenerSettings[] {
  const { values, listeners } = translation.draft;
  const first: DraftListener[] = [];
  if (values.has('port') || values.has('bind_address')) {
    const place = values.get('port')?.place ?? values.get('bind_address')?.place ?? { file: '', line: 0 };
    const address = values.get('bind_address')?.value;
    const line = `${values.get('port')?.value ?? 1883}${address === undefined ? '' : ` ${String(address)}`}`;
    first.push({ place, values: new Map([...values, ['listener', { value: line, place }]]) });
  }
  const drafts = [...first, ...listeners];
  const made = drafts.map((listener, at) => translateListener(translation, listener, at));
  if (drafts.length > 0)
    return [...made, ...ports.map((port) => ({ host: anyAddress(), port, ...conditions(translation, values) }))];
  return (ports.length === 0 ? [1883] : ports).map((port) => ({
    host: 'localhost',
    port,
    ...conditions(translation, values),
  }));
}

function translateListener(translation: Translation, { place, values }: DraftListener, at: number): ListenerSettings {
  const where = ['listeners', at];
  translation.mark(where, place);
  const line = String(values.get('listener')?.value).replace(/\s+#.*$/, '');
  const [, portText = '', address] = /^(\d+)(?:\s+(\S.*))?$/.exec(line) ?? [];
  const port = Number(portText);
  if (portText === '' || port > 65_535)
    translation.fail(place, `listener: expected a port from 0 to 65535 and an address, '${line}' came`);
  const isSocket = port === 0 && address !== undefined && isIP(address) === 0 && address !== 'localhost';
  if (line === '0')
    translation.fail(place, 'listener: port 0 needs the path of a Unix socket, or the address of a free port');
  const isWeb = values.get('protocol')?.value === 'websockets';
  const tls = translateTls(translation, values, [...where, 'tls'], place);
  const transport = isSocket ? 'unix' : isWeb ? (tls ? 'wss' : 'ws') : tls ? 'tls' : 'tcp';
  const maximum = values.get('max_connections')?.value as number | undefined;
  const origins = values.get('websockets_origin')?.value as string[] | undefined;
  return {
    transport,
    ...(isSocket ? { path: address } : { host: host(translation, values, address), port }),
    ...(isWeb ? { path: '*' } : {}),
    ...(tls === undefined ? {} : { tls }),
    ...(identityOf(values) === undefined || tls === undefined ? {} : { useIdentityAsUserName: identityOf(values) }),
    ...(maximum === undefined || maximum < 1 ? {} : { maximumConnections: maximum }),
    ...(origins === undefined ? {} : { allowedOrigins: origins }),
    ...(values.has('enable_proxy_protocol') ? { proxyProtocol: true } : {}),
    ...(values.has('mount_point') ? { mountPoint: values.get('mount_point')?.value } : {}),
    ...conditions(translation, values),
    ...ownAuthentication(translation, values, where),
  } as ListenerSettings;
}

/** What the listener asks of its clients' CONNECT. */
function conditions(translation: Translation, values: Values): Partial<ListenerSettings> {
  const own = (name: string) => values.get(name)?.value;
  const shared = (name: string) => translation.sharedBy(values).get(name)?.value;
  const given = {
    protocolVersions: own('accept_protocol_versions'),
    allowEmptyClientIdentifier: shared('allow_zero_length_clientid'),
    useUserNameAsClientIdentifier: own('use_username_as_clientid'),
    assignedIdentifierPrefix: own('listener_auto_id_prefix') ?? shared('auto_id_prefix'),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function host(translation: Translation, values: Values, address: string | undefined): string {
  const device = values.get('bind_interface');
  if (device !== undefined) return addressOf(translation, String(device.value), device.place);
  if (address !== undefined) return address;
  const domain = values.get('socket_domain')?.value;
  return domain === undefined ? anyAddress() : domain === 'ipv6' ? '::' : '0.0.0.0';
}

function addressOf(translation: Translation, device: string, place: Place): string {
  const address = networkInterfaces()[device]?.[0]?.address;
  if (address === undefined) translation.fail(place, `bind_interface: there is no interface ${device} with an address`);
  return address ?? 'localhost';
}

/** With `per_listener_settings` a listener has its own users, or none; otherwise only its certificates are its own. */
function ownAuthentication(translation: Translation, values: Values, where: SettingPath): Partial<ListenerSettings> {
  const own = values.get('listener_allow_anonymous')?.value as boolean | undefined;
  const global = translation.values;
  const at = [...where, 'authentication', 'chain'];
  if (translation.draft.perListener) {
    const allowAnonymous = own ?? (values.get('allow_anonymous')?.value as boolean | undefined) ?? false;
    const aclFile = values.get('acl_file');
    translation.mark([...where, 'aclFile'], aclFile?.place);
    const authentication = { chain: translateChain(translation, values, at, usesCertificates(values)), allowAnonymous };
    const rules =
      aclFile === undefined
        ? hasOwnRules(translation)
          ? { aclFile: false as const }
          : {}
        : { aclFile: String(aclFile.value) };
    return { authentication, ...rules };
  }
  if (!usesCertificates(values)) return own === undefined ? {} : { authentication: { allowAnonymous: own } };
  const chain = translateChain(translation, global, at, true);
  return { authentication: { chain, allowAnonymous: own ?? global.get('allow_anonymous')?.value === true } };
}

/** Whether some listener has rules of its own, or that of `port`, to which what stands first belongs: those without have none. */
function hasOwnRules(translation: Translation): boolean {
  const { values, listeners } = translation.draft;
  return values.has('acl_file') || listeners.some((listener) => listener.values.has('acl_file'));
}

/** Every address; on a machine without IPv6, every address of IPv4. */
function anyAddress(): string {
  const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ family }) => family === 'IPv6'));
  return hasIpv6 ? '::' : '0.0.0.0';
}
