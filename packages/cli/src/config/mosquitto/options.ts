import { isElsewhere, logDestination, oneOf, period, text, truth, WrongValue, whole } from './value.ts';

/** What is done with an option of mosquitto.conf. */
export type Treatment = 'supported' | 'noticed' | 'refused';

/** To what an option belongs. */
export type Scope =
  /** The broker. */
  | 'broker'
  /** The listener above it, or the one of `port` and `bind_address` before the first. */
  | 'listener'
  /** The listener with `per_listener_settings true`, otherwise the broker. */
  | 'security'
  /** The bridge above it. */
  | 'bridge';

/** An option of mosquitto.conf: from this table come reading it, and the page that lists them all. */
export interface MosquittoOption {
  readonly treatment: Treatment;
  readonly scope: Scope;
  /** Reads the value. @throws {WrongValue} It is none. */
  readonly read: (value: string) => unknown;
  /** For the page: what it becomes, or why not. */
  readonly note: string;
  /** What of a supported option changes nothing, with this value. */
  readonly noticeOf?: (value: unknown) => string | undefined;
  /** Values with which a refused option is what happens anyway. */
  readonly harmless?: readonly string[];
}

type Read = MosquittoOption['read'];

function supported(scope: Scope, read: Read, note: string): MosquittoOption {
  return { treatment: 'supported', scope, read, note };
}

function noticed(scope: Scope, note: string): MosquittoOption {
  return { treatment: 'noticed', scope, read: (value) => value, note };
}

function refused(scope: Scope, note: string, harmless: readonly string[] = []): MosquittoOption {
  return { treatment: 'refused', scope, read: (value) => value, note, harmless };
}

const number =
  (minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): Read =>
  (value) =>
    whole(value, minimum, maximum);

function tlsVersion(value: string): string {
  if (value === 'tlsv1.2' || value === 'tlsv1.3') return value.replace('tls', 'TLS');
  throw new WrongValue(`expected tlsv1.2 or tlsv1.3, '${value}' came`);
}

const words =
  (...known: readonly string[]): Read =>
  (value) =>
    oneOf(known, value);

const LOG_TYPES = [
  ...['none', 'error', 'warning', 'notice', 'information', 'debug'],
  ...['subscribe', 'unsubscribe', 'internal', 'websockets', 'all'],
];

/** `3,4,5`: MQTT 3.1, 3.1.1 and 5.0. */
function versions(value: string): number[] {
  const numbers = value.split(',').map((each) => each.trim());
  if (numbers.every((each) => /^[345]$/.test(each))) return [...new Set(numbers.map(Number))];
  throw new WrongValue(`expected 3, 4 and 5 with commas, '${value}' came`);
}

/** Where 0 is no bound, Mosquitto takes everything below for 0. */
const NEGATIVE = Number.MIN_SAFE_INTEGER;
const ANY_OR_NONE = number(NEGATIVE);

const PLUGIN =
  'plugins are programs for Mosquitto itself; see docs/how-to/authenticate-and-authorize.md for what does their work here';
const BRIDGE = 'there are no bridges';
const DISK = 'the store writes every change when it happens';
const ENGINE = 'there are no OpenSSL engines';

const ENTRIES: Readonly<Record<string, MosquittoOption>> = {
  acl_file: supported('security', text, 'authorization.aclFile'),
  allow_anonymous: supported('security', truth, 'authentication.allowAnonymous'),
  allow_duplicate_messages: noticed('broker', 'a client gets a message once, however many of its subscriptions match'),
  allow_zero_length_clientid: supported('security', truth, 'listeners[].allowEmptyClientIdentifier'),
  accept_protocol_versions: supported('listener', versions, 'listeners[].protocolVersions'),
  auto_id_prefix: supported('security', text, 'listeners[].assignedIdentifierPrefix'),
  autosave_interval: noticed('broker', DISK),
  autosave_on_changes: noticed('broker', DISK),
  bind_address: supported('listener', text, 'host of the first listener'),
  bind_interface: supported('listener', text, 'host: the first address of the interface'),
  cafile: supported('listener', text, 'tls.ca'),
  capath: supported('listener', text, 'tls.ca: all .pem and .crt files of the directory'),
  certfile: supported('listener', text, 'tls.cert; a listener with it speaks TLS'),
  check_retain_source: supported('broker', truth, 'authorization.checkRetainSource'),
  ciphers: supported('listener', text, 'tls.ciphers'),
  'ciphers_tls1.3': supported(
    'listener',
    text,
    'tls.ciphers, before those of 1.2; without `ciphers` these are the usual ones',
  ),
  clientid_prefixes: supported('broker', text, 'authentication.chain: clientIdentifierPrefix'),
  connection_messages: noticed('broker', 'connections are logged from level info on'),
  crlfile: supported('listener', text, 'tls.crl'),
  dhparamfile: noticed('listener', 'OpenSSL chooses the parameters of Diffie-Hellman itself'),
  disable_client_cert_date_checks: refused('listener', 'certificates count until they expire', ['false']),
  enable_control_api: refused('broker', 'there is no $CONTROL', ['false']),
  enable_proxy_protocol: supported('listener', number(1, 2), 'proxyProtocol'),
  global_max_clients: supported('broker', number(-1), 'limits.maximumSessions'),
  global_max_connections: supported('broker', number(-1), 'limits.maximumConnections'),
  http_dir: refused('listener', 'files are not served'),
  include_dir: supported('broker', text, 'read in its place: all files *.conf, sorted'),
  keyfile: supported('listener', text, 'tls.key'),
  listener: supported('listener', text, 'listeners'),
  listener_allow_anonymous: supported('listener', truth, 'listeners[].authentication.allowAnonymous'),
  listener_auto_id_prefix: supported('listener', text, 'listeners[].assignedIdentifierPrefix'),
  log_dest: {
    ...supported('broker', logDestination, 'log.file; none turns it off, anything else goes to stderr'),
    noticeOf: (destination) => (isElsewhere(destination) ? 'the log goes to stderr, or to a file' : undefined),
  },
  log_facility: noticed('broker', 'there is no syslog: systemd takes stderr'),
  log_timestamp: noticed('broker', 'every line has its time'),
  log_timestamp_format: noticed('broker', 'times are ISO 8601'),
  log_type: supported('broker', words(...LOG_TYPES), 'log.level: the lowest that is named'),
  max_connections: supported('listener', ANY_OR_NONE, 'listeners[].maximumConnections'),
  max_inflight_bytes: refused('broker', 'messages in flight are bounded by number', ['0']),
  max_inflight_messages: supported(
    'broker',
    number(NEGATIVE, 65_535),
    'limits.maximumInFlight and limits.receiveMaximum',
  ),
  max_keepalive: supported('broker', number(0, 65_535), 'limits.maximumKeepAlive'),
  max_packet_size: supported('broker', number(20), 'limits.maximumPacketSize'),
  max_qos: supported('listener', number(0, 2), 'capabilities.maximumQoS: the same for all listeners'),
  max_queued_bytes: supported('broker', ANY_OR_NONE, 'limits.maximumQueuedBytes'),
  max_queued_messages: supported('broker', ANY_OR_NONE, 'limits.maximumQueuedMessages'),
  max_topic_alias: supported('listener', number(0, 65_535), 'limits.topicAliasMaximum: the same for all listeners'),
  max_topic_alias_broker: supported(
    'listener',
    number(0, 65_535),
    'limits.outboundTopicAliasMaximum: the same for all listeners',
  ),
  memory_limit: supported('broker', number(0), 'limits.memoryLimit: as many bytes and 64 MiB for the program itself'),
  message_size_limit: supported('broker', number(0, 268_435_456), 'limits.maximumPayloadSize'),
  mount_point: supported('listener', text, 'listeners[].mountPoint'),
  packet_buffer_size: noticed('listener', 'buffers grow and shrink by themselves'),
  password_file: supported('security', text, 'authentication.chain: passwordFile'),
  per_listener_settings: supported('broker', truth, 'whether options of security below a listener are its own'),
  persistence: supported('broker', truth, 'data: a directory, or memory'),
  persistence_file: noticed('broker', 'the store is a directory of its own'),
  persistence_location: supported('broker', text, 'data: busbar-data in this directory'),
  persistent_client_expiration: supported('broker', period, 'limits.maximumSessionExpiryInterval'),
  pid_file: supported('broker', text, 'pidFile'),
  port: supported('listener', number(0, 65_535), 'port of the first listener'),
  protocol: supported('listener', words('mqtt', 'websockets'), 'transport: tcp or tls; websockets: ws or wss'),
  proxy_protocol_v2_require_tls: refused('listener', 'the PROXY header is not asked for TLS', ['false']),
  psk_file: supported('security', text, 'tls.pskFile, of the listeners that have psk_hint'),
  psk_hint: supported('listener', text, 'tls.pskHint; a listener with it speaks TLS 1.2 with pre-shared keys'),
  queue_qos0_messages: supported('broker', truth, 'capabilities.queueQoS0'),
  require_certificate: supported('listener', truth, 'tls.clientCertificates'),
  retain_available: supported('broker', truth, 'capabilities.retainAvailable'),
  retain_expiry_interval: refused('broker', 'retained messages stay until their Message Expiry Interval is over', [
    '0',
  ]),
  retry_interval: noticed('broker', 'what is unacknowledged is sent again when its client comes back, and only then'),
  set_tcp_nodelay: noticed('broker', 'TCP_NODELAY is always set'),
  socket_domain: supported('listener', words('ipv4', 'ipv6'), 'host: 0.0.0.0 or ::'),
  store_clean_interval: noticed('broker', DISK),
  sys_interval: supported('broker', number(0, 65_535), 'systemTopicsInterval'),
  tls_engine: refused('listener', ENGINE),
  tls_engine_kpass_sha1: refused('listener', ENGINE),
  tls_keyform: refused('listener', ENGINE, ['pem']),
  tls_version: supported('listener', tlsVersion, 'tls.minVersion'),
  upgrade_outgoing_qos: refused(
    'broker',
    'the standard forbids it: a message is delivered with the QoS it was published with, at most',
    ['false'],
  ),
  use_identity_as_username: supported(
    'listener',
    truth,
    'useIdentityAsUserName: cn, or the identity of a pre-shared key',
  ),
  use_subject_as_username: supported('listener', truth, 'useIdentityAsUserName: subject'),
  use_username_as_clientid: supported('listener', truth, 'listeners[].useUserNameAsClientIdentifier'),
  user: noticed('broker', 'the broker runs as the user that starts it: systemd changes it'),
  websockets_headers_size: noticed('listener', 'headers have up to 16 KiB'),
  websockets_log_level: noticed('broker', 'WebSocket has no log of its own'),
  websockets_origin: supported('listener', text, 'allowedOrigins'),

  auth_plugin: refused('security', PLUGIN),
  auth_plugin_deny_special_chars: noticed('security', 'names with + or # get nothing by patterns, in any case'),
  global_plugin: refused('broker', PLUGIN),
  plugin: refused('security', PLUGIN),
  plugin_load: refused('broker', PLUGIN),
  plugin_use: refused('listener', PLUGIN),

  ...Object.fromEntries(
    [
      ...['connection', 'address', 'addresses', 'bridge_alpn', 'bridge_attempt_unsubscribe', 'bridge_bind_address'],
      ...['bridge_cafile', 'bridge_capath', 'bridge_certfile', 'bridge_ciphers', 'bridge_ciphers_tls1.3'],
      ...['bridge_clean_start', 'bridge_identity', 'bridge_insecure', 'bridge_keyfile', 'bridge_max_packet_size'],
      ...['bridge_max_topic_alias', 'bridge_outgoing_retain', 'bridge_protocol_version', 'bridge_psk'],
      ...['bridge_receive_maximum', 'bridge_reload_type', 'bridge_require_ocsp', 'bridge_session_expiry_interval'],
      ...['bridge_tcp_keepalive', 'bridge_tcp_user_timeout', 'bridge_tls_use_os_certs', 'bridge_tls_version'],
      ...['clientid', 'cleansession', 'idle_timeout', 'keepalive_interval', 'local_cleansession', 'local_clientid'],
      ...['local_password', 'local_username', 'notification_topic', 'notifications', 'notifications_local_only'],
      ...['password', 'remote_clientid', 'remote_password', 'remote_username', 'restart_timeout', 'round_robin'],
      ...['start_type', 'threshold', 'topic', 'try_private', 'username'],
    ].map((name) => [name, refused('bridge', BRIDGE)]),
  ),
};

/** All options of mosquitto.conf that are known, by name. */
export const MOSQUITTO_OPTIONS: ReadonlyMap<string, MosquittoOption> = new Map(Object.entries(ENTRIES).sort());

/** Options with a free end: `plugin_opt_...`, `auth_opt_...`. */
export function findOption(name: string): MosquittoOption | undefined {
  if (name.startsWith('plugin_opt_') || name.startsWith('auth_opt_')) return MOSQUITTO_OPTIONS.get('plugin');
  return MOSQUITTO_OPTIONS.get(name);
}
