import { LIMIT_BOUNDS, LIMIT_WORDS, RULE_ACTIONS } from '@busbar/broker';
import { z } from 'zod';

/**
 * What a `busbar.yaml` may hold: from this come its checking, the names of the environment variables, the JSON schema and
 * the reference page (law 10 of the design). Every setting has its meaning beside it.
 */

const file = (what: string) => z.string().min(1).describe(`${what}; relative to the folder of the configuration file`);
const whole = (minimum: number, maximum: number) => z.int().min(minimum).max(maximum);
const oneOrMore = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item)]);
const seconds = z.number().min(0).max(4_294_967_295);

const tls = z.strictObject({
  cert: file('certificate and its chain in PEM').optional(),
  key: file('private key in PEM').optional(),
  pskFile: file('pre-shared keys, for TLS 1.2: a line `identity:key` each, the key in hexadecimal').optional(),
  pskHint: z.string().optional().describe('what clients are told that have several pre-shared keys'),
  ca: oneOrMore(file('authorities that client certificates are trusted from, in PEM')).optional(),
  crl: oneOrMore(file('revocation lists in PEM')).optional(),
  clientCertificates: z
    .enum(['none', 'request', 'require'])
    .optional()
    .describe('whether clients show a certificate; needs ca; default: none'),
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).optional().describe('default: TLSv1.2'),
  maxVersion: z.enum(['TLSv1.2', 'TLSv1.3']).optional().describe('default: TLSv1.3'),
  ciphers: z.string().optional().describe("OpenSSL's list of ciphers; default: Node's"),
});

const token = z.strictObject({
  algorithms: z.array(z.string()).min(1).describe('the only signatures that count, such as [ES256]'),
  jwksUrl: z.url().optional().describe('where the keys are'),
  jwksFile: file('key set in JSON').optional(),
  publicKeyFile: file('public key in PEM').optional(),
  secretFile: file('shared secret of HS256, HS384 or HS512').optional(),
  issuer: oneOrMore(z.string()).optional().describe('what iss must be'),
  audience: oneOrMore(z.string()).optional().describe('what aud must be, or hold'),
  tokenIn: z.enum(['password', 'userName']).optional().describe('default: password'),
  userNameClaim: z.string().optional().describe('default: sub'),
  clientIdentifierClaim: z.string().optional().describe('a claim that must be the Client Identifier'),
  groupsClaim: z.string().optional().describe('default: groups'),
  publishClaim: z.string().optional().describe('Topic Filters that may be published to; default: publish'),
  subscribeClaim: z.string().optional().describe('Topic Filters that may be subscribed to; default: subscribe'),
  clockToleranceSeconds: seconds.optional().describe('default: 30'),
  timeoutMs: whole(1, 600_000).optional().describe('for the keys; default: 5000'),
});

const http = z.strictObject({
  url: z.url().describe('asked with POST about each login'),
  headers: z.record(z.string(), z.string()).optional(),
  timeoutMs: whole(1, 600_000).optional().describe('default: 5000'),
  cacheSeconds: seconds.optional().describe('how long an answer counts; default: 0'),
  cacheSize: whole(1, 10_000_000).optional().describe('default: 10000'),
  maximumRequests: whole(1, 10_000).optional().describe('at a time; default: 50'),
});

const authenticator = z.union([
  z.strictObject({ passwordFile: file('users as mosquitto_passwd or busbar passwd write them') }),
  z.strictObject({ token }),
  z.strictObject({ http }),
  z.strictObject({ certificate: z.literal(true).describe('clients that a listener knows by their certificate') }),
  z.strictObject({
    clientIdentifierPrefix: z.string().min(1).describe('refuses clients whose identifier begins otherwise'),
  }),
]);

const chain = z.array(authenticator).describe('asked in this order until one knows the client');
const allowAnonymous = z
  .boolean()
  .describe(
    'whether clients without user name and password may connect; default: only where nobody else reaches the broker',
  );

const listener = z.strictObject({
  transport: z.enum(['tcp', 'tls', 'ws', 'wss', 'unix']).optional().describe('default: tcp'),
  host: z
    .string()
    .min(1)
    .optional()
    .describe('address; default: localhost. 0.0.0.0 is every IPv4 address, :: every address'),
  port: whole(0, 65_535).optional().describe('default: 1883, tls 8883, ws 8083, wss 8084; 0 takes a free one'),
  path: z.string().optional().describe('for ws and wss of the URL, default /mqtt; for unix the socket'),
  mode: whole(0, 0o777).optional().describe('for unix: permission bits; default: 0o660'),
  tls: tls.optional(),
  useIdentityAsUserName: z
    .enum(['cn', 'san', 'subject'])
    .optional()
    .describe('part of a verified certificate that is the user name'),
  proxyProtocol: z.boolean().optional().describe('whether connections begin with a PROXY header; default: false'),
  trustedProxies: z
    .array(z.string())
    .optional()
    .describe('addresses and networks whose PROXY and X-Forwarded-For count; needs proxyProtocol, or ws or wss'),
  allowedOrigins: z.array(z.string()).optional().describe('for ws and wss: origins of web pages; default: all'),
  maximumConnections: whole(1, Number.MAX_SAFE_INTEGER).optional().describe('through this listener at a time'),
  connectionRate: z.number().positive().optional().describe('connections per second'),
  handshakeTimeoutMs: whole(1, 3_600_000).optional().describe('default: 10000'),
  durability: z.enum(['memory', 'disk']).optional().describe('what acknowledgements are worth to its clients'),
  name: z.string().min(1).optional().describe('what rules call the listener'),
  aclFile: z
    .union([file("rules for its clients alone, in the format of Mosquitto's acl_file"), z.literal(false)])
    .optional(),
  protocolVersions: z
    .array(z.union([z.literal(3), z.literal(4), z.literal(5)]))
    .min(1)
    .optional()
    .describe('versions that are spoken: 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0; default: all'),
  allowEmptyClientIdentifier: z
    .boolean()
    .optional()
    .describe('whether the broker names clients that do not; default: true'),
  useUserNameAsClientIdentifier: z
    .boolean()
    .optional()
    .describe('whether the user name is the Client Identifier, and nobody comes in without; default: false'),
  assignedIdentifierPrefix: z
    .string()
    .optional()
    .describe('how identifiers begin that the broker makes; default: auto-'),
  mountPoint: z.string().min(1).optional().describe('put before the topics of its clients, which see nothing else'),
  authentication: z.strictObject({ chain: chain.optional(), allowAnonymous: allowAnonymous.optional() }).optional(),
});

const backOff = z.strictObject({
  addressFailures: whole(1, 1_000_000).optional().describe('free failures of an address; default: 20'),
  nameFailures: whole(1, 1_000_000).optional().describe('free failures with a user name; default: 5'),
  firstWaitSeconds: seconds.optional().describe('default: 1'),
  addressWaitSeconds: seconds.optional().describe('at most; default: 300'),
  nameWaitSeconds: seconds.optional().describe('at most; default: 10'),
});

const flapping = z.strictObject({
  maximumEnds: whole(0, 1_000_000)
    .optional()
    .describe('ends without DISCONNECT before a client is kept out; default: 0, none'),
  windowSeconds: seconds.optional().describe('default: 60'),
  banSeconds: seconds.optional().describe('default: 300'),
});

const rule = z.strictObject({
  allow: oneOrMore(z.enum(RULE_ACTIONS)).optional(),
  deny: oneOrMore(z.enum(RULE_ACTIONS)).optional(),
  topics: oneOrMore(z.string()).describe('Topic Filters; %u is the user name, %c the Client Identifier'),
  users: oneOrMore(z.string()).optional().describe('abc* is every name that begins so'),
  clients: oneOrMore(z.string()).optional().describe('Client Identifiers'),
  groups: oneOrMore(z.string()).optional(),
  listeners: oneOrMore(z.string()).optional().describe('names of listeners'),
  claims: z
    .record(z.string(), oneOrMore(z.union([z.string(), z.number(), z.boolean()])))
    .optional()
    .describe("claims of the client's token, and the values of which each must have one"),
  anonymous: z.boolean().optional().describe('true: only clients without a user name; false: only those with one'),
  reasonCode: whole(0x80, 0xff).optional().describe('what a 5.0 client is told; default: 0x87'),
  reason: z.string().optional().describe('what it is told in words'),
});

const authorization = z.strictObject({
  rules: z.array(rule).optional().describe('the first that applies decides; where none does, the answer is no'),
  groups: z.record(z.string(), z.array(z.string())).optional().describe('user names by group'),
  aclFile: file("rules in the format of Mosquitto's acl_file").optional(),
  aclFileChecksSubscribe: z
    .boolean()
    .optional()
    .describe('whether read decides about subscribing too; default: false, as Mosquitto'),
  deniedPublish: z.enum(['acknowledge', 'disconnect']).optional().describe('default: acknowledge'),
  saysWhy: z.boolean().optional().describe('whether 5.0 clients are told the rule; default: false'),
  checkRetainSource: z.boolean().optional().describe('default: true'),
});

const limits = z.strictObject({
  ...(Object.fromEntries(
    Object.entries(LIMIT_BOUNDS).map(([name, bound]) => [
      name,
      whole(bound.minimum, bound.maximum).optional().describe(`default: ${bound.default}`),
    ]),
  ) as Record<keyof typeof LIMIT_BOUNDS, z.ZodOptional<z.ZodInt>>),
  queuePolicy: z.enum(LIMIT_WORDS.queuePolicy).optional().describe('what gives way when a queue is full'),
  ratePolicy: z
    .enum(LIMIT_WORDS.ratePolicy)
    .optional()
    .describe('what is done with a client that publishes more than it may per second; default: pause'),
});

const capabilities = z.strictObject({
  maximumQoS: z
    .union([z.literal(0), z.literal(1), z.literal(2)])
    .optional()
    .describe('default: 2'),
  retainAvailable: z.boolean().optional(),
  wildcardSubscriptionAvailable: z.boolean().optional(),
  sharedSubscriptionAvailable: z.boolean().optional(),
  sharedSubscriptionStrategy: z.enum(['roundRobin', 'random', 'sticky', 'leastInFlight', 'hash']).optional(),
  subscriptionIdentifiersAvailable: z.boolean().optional(),
  checkPayloadFormat: z.boolean().optional(),
  queueQoS0: z.boolean().optional(),
  announceDurability: z.boolean().optional(),
  plainAnswers: z.boolean().optional(),
  responseInformation: z.string().optional(),
});

const log = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).optional().describe('default: info'),
  format: z.enum(['pretty', 'json']).optional().describe('default: pretty in a terminal, json elsewhere'),
  file: file('file that the log is appended to, and that a reload opens anew; default: stderr').optional(),
});

const monitoring = z
  .strictObject({
    host: z.string().min(1).optional().describe('address; default: localhost'),
    port: whole(0, 65_535).optional().describe('default: 9883; 0 takes a free one'),
    token: z.string().optional().describe('what requests show as Authorization: Bearer ...'),
    tokenFile: file('the token, alone in a file').optional(),
    openHealth: z
      .boolean()
      .optional()
      .describe(
        'whether /health/live and /health/ready are answered without the token, and without reasons; default: false',
      ),
    metrics: z.boolean().optional().describe('whether there is /metrics for Prometheus; default: true'),
    tls: z
      .strictObject({ cert: file('certificate and its chain in PEM'), key: file('private key in PEM') })
      .optional()
      .describe('makes it HTTPS'),
  })
  .describe(
    '/metrics, /health/live and /health/ready over HTTP; where this section is absent there is none. A token is needed where others than this machine reach it',
  );

export const CONFIGURATION = z.strictObject({
  listeners: z.array(listener).min(1).optional().describe('default: localhost:1883'),
  authentication: z
    .strictObject({
      chain: chain.optional(),
      allowAnonymous: allowAnonymous.optional(),
      backOff: backOff.optional(),
      flapping: flapping.optional(),
      sessionOwnership: z.enum(['user', 'anyone']).optional().describe('who may take a session over by its identifier'),
    })
    .optional(),
  authorization: authorization.optional(),
  limits: limits.optional(),
  capabilities: capabilities.optional(),
  durability: z
    .array(z.strictObject({ topicFilter: z.string(), durability: z.enum(['memory', 'disk']) }))
    .optional()
    .describe('what acknowledgements are worth by topic, the first that matches'),
  data: z.string().min(1).optional().describe('directory of the durable store, or memory'),
  systemTopicsInterval: z
    .number()
    .min(0)
    .max(86_400)
    .optional()
    .describe('seconds between $SYS; 0 turns it off; default: 10'),
  http: monitoring.optional(),
  extensions: z
    .array(file('JavaScript module of hooks'))
    .optional()
    .describe('programs of your own that take part in what the broker does, asked in this order'),
  log: log.optional(),
  pidFile: file('where the number of the process is written').optional(),
});

/** A configuration that has been checked. */
export type Configuration = z.infer<typeof CONFIGURATION>;
export type ListenerSettings = NonNullable<Configuration['listeners']>[number];
export type AuthenticatorSettings = z.infer<typeof authenticator>;
