/**
 * What the codes of errors mean, for docs/reference/errors.md. Which codes there are, is read from the sources: one without
 * a line here, or a line without its code there, fails `test/reference.test.ts`.
 */

/** The caller's mistakes. */
export const USAGE_ERRORS = {
  'already-used':
    'A `ClientConnection` was told of a second connection. It serves one; make a new one with the same session.',
  'broker-stopped': 'The program published or subscribed through a broker that it had stopped.',
  'chunk-not-emptied': '`PacketSplitter.push` was called before `next` had answered false.',
  'client-identifier-missing':
    'An empty Client Identifier below MQTT 5.0, where only 3.1.1 with a clean session allows it.',
  'dup-at-qos-0': 'A PUBLISH packet of QoS 0 was to be encoded with DUP.',
  'empty-suback': 'A SUBACK packet was to be encoded without a Reason Code.',
  'empty-subscribe': 'A SUBSCRIBE packet was to be encoded without a Topic Filter.',
  'empty-unsuback': 'An UNSUBACK packet was to be encoded without a Reason Code.',
  'empty-unsubscribe': 'An UNSUBSCRIBE packet was to be encoded without a Topic Filter.',
  'hook-not-started': 'A hook has thrown at `start`; the message names it.',
  'invalid-authenticator':
    'What an authenticator was given does not fit: a key, an algorithm, a URL; the message names it.',
  'invalid-capability': 'The value of a capability of the broker is not among those allowed.',
  'invalid-durability':
    'A durability that is neither `memory` nor `disk`, or a rule for no Topic Filter; the message names it.',
  'invalid-interval': '`systemTopicsInterval` is not a number of seconds from 0 to 86,400.',
  'invalid-limit': 'The value of a limit of the broker is out of its range.',
  'invalid-listener': 'An option of a listener does not exist, or does not fit the others; the message names it.',
  'invalid-password-file': 'A password file cannot be read; the message has a line for each line of it that is wrong.',
  'invalid-rule': 'A rule of authorization cannot be understood; the message has a line for each, with its place.',
  'invalid-string':
    'What should be a text is none, or holds U+0000 or half a surrogate pair, and MQTT has no way to write that.',
  'no-authentication-method': 'AUTH, or Authentication Data, without an Authentication Method in CONNECT.',
  'no-local-shared': 'A Shared Subscription asks for No Local, which the standard forbids.',
  'not-authorized':
    'The identity in whose name the program subscribes may not; the message names the rule or the hook.',
  'not-connected': 'The connection machine was asked for something before CONNACK came or after the end.',
  'option-invalid': 'An option is out of its range or of another kind; the message names it.',
  'out-of-range': 'A number does not fit its field; the message names field and range.',
  'packet-identifiers-exhausted': 'All 65,535 Packet Identifiers are in use.',
  'packet-too-large': 'The packet is larger than the server said it takes.',
  'password-without-user-name': 'A password without a user name, which only MQTT 5.0 allows.',
  'payload-invalid': 'A payload that is neither a text nor bytes.',
  'property-given-twice': 'A property that may stand once in a packet was given several times.',
  'property-not-allowed': 'A property that this packet cannot have, or that only the library itself may set.',
  'qos-invalid': 'A QoS other than 0, 1 and 2.',
  'qos-not-supported': 'The server takes messages only up to a lower QoS.',
  'reason-code-not-allowed': 'This packet cannot carry this Reason Code.',
  'retain-not-supported': 'The server keeps no retained messages.',
  'server-url-invalid': 'What was given is no URL of a server, such as `mqtt://localhost:1883`.',
  'session-expiry-not-allowed': 'DISCONNECT was to set a Session Expiry Interval, and CONNECT had set none.',
  'shared-subscriptions-not-supported': 'The server has no Shared Subscriptions.',
  'subscription-identifiers-not-supported': 'The server has no Subscription Identifiers.',
  'topic-filter-invalid': 'What was given is no Topic Filter; the message says why.',
  'topic-parameter-invalid': 'A parameter of a typed topic is missing, or is not one level of a topic.',
  'topic-pattern-invalid': 'The pattern of a typed topic is none; the message says why.',
  'topic-name-invalid': 'What was given is no Topic Name: it is empty, too long, or holds a wildcard.',
  'unknown-capability': 'There is no capability of this name; the message lists those there are.',
  'unknown-option': 'There is no option, or no hook, of this name; the message lists those there are.',
  'unknown-limit': 'There is no limit of this name; the message lists those there are.',
  'unknown-listener': 'The broker has no TLS listener on this port.',
  'list-expected': 'User Properties or Subscription Identifiers that are no list.',
  'unknown-property': 'MQTT has no property of this name.',
  'version-too-low': 'What was asked for needs MQTT 5.0, and the client speaks an older version.',
  'unsupported-packet': 'AUTH was to be encoded for a version below 5.0.',
  'wildcard-subscriptions-not-supported': 'The server takes no wildcards in Topic Filters.',
  'window-full': 'A message of QoS 1 or 2 was given to the connection machine while `hasRoom` was false.',
};

/** The peer's faults in the wire format. */
export const PACKET_ERRORS = {
  'malformed-packet':
    'The bytes cannot be read as a packet: it is cut off, a reserved bit is set, a text is not UTF-8.',
  'packet-too-large': 'The packet is larger than this side takes. It is refused from its header alone.',
  'protocol-error': 'The packet can be read and holds what the standard forbids there, such as a property given twice.',
  'topic-alias-invalid': 'A Topic Alias of 0.',
  'topic-name-invalid': 'A Topic Name with a wildcard.',
  'unsupported-protocol-version': 'CONNECT names a protocol or a version other than MQTT 3.1, 3.1.1 and 5.0.',
};

/** What a client could not do, and what its program can do about it. */
export const CLIENT_ERRORS = {
  aborted: ['The subscription was ended before the server had answered.', 'Nothing: somebody asked for it.'],
  'authentication-failed': [
    'Enhanced authentication went wrong on this side: the server does not know the password, or breaks the method.',
    'Look at `cause`; do not go on with this server.',
  ],
  'client-ended': ['`end` was called, or there will be no further connection.', 'Make a new client.'],
  dropped: [
    'The queue was full, its policy is `drop-oldest`, and this was the oldest message.',
    'Make the queue larger, or publish less.',
  ],
  expired: [
    'The message waited longer than its Message Expiry Interval or `queue.maximumAgeMs`.',
    'Nothing: it was too old to be of use.',
  ],
  'no-responder': ['The server says that nobody has subscribed to the topic of a request.', 'Start whoever responds.'],
  offline: [
    'A message of QoS 0 while there was no connection.',
    'Use QoS 1, or let QoS 0 wait too with `queue: { qos0: true }`.',
  ],
  'queue-full': [
    'The queue is full and its policy is `refuse`.',
    "Wait for the publications before, make the queue larger, or let the oldest go with `policy: 'drop-oldest'`.",
  ],
  'session-lost': [
    'A message of QoS 2 was under way when the server lost the session. Whether it arrived is not known, and sending it again could double it.',
    'Decide in the program: a counter can be sent again, an order should be asked after.',
  ],
  'store-damaged': [
    'The file of a store is damaged in another place than its end, where a crash may have cut it off.',
    'Look at the disk; keep the file, and begin with another one.',
  ],
  'store-failed': [
    'The store could not be opened or could not write, and nothing is sent that it could not remember: the client has ended.',
    'Look at `cause`: a full disk, missing rights, a folder where a file should be.',
  ],
  'store-in-use': ['Another process has the file of this store open.', 'Give each client a store of its own.'],
  'store-mismatch': [
    'The store holds the session of another Client Identifier, or of another layout.',
    'Give each client a store of its own.',
  ],
  timeout: ['No answer to a request came in time.', 'Ask again, or give it more time with `timeoutMs`.'],
};

/** The other error classes of the client; each has one code, or says with it how the connection ended. */
export const CLIENT_CLASSES = {
  ConnectionRefusedError: 'The server refused the connection; `reasonCode` says why.',
  ConnectionEndedError: 'A connection has ended; `reasonCode` says more.',
  PublishError: 'The server refused a message of QoS 1 or 2; `reasonCode` says why.',
  SubscribeError: 'The server refused a subscription; `reasonCode` says why.',
  UnsubscribeError: 'The server refused to end a subscription; `reasonCode` says why.',
};

export const CONNECTION_ENDS = {
  disconnected: 'The server said DISCONNECT.',
  ended: 'This side ended it.',
  fault: 'The server broke a rule of the protocol.',
  lost: 'The network connection went away without a word.',
  timeout: 'The server was silent too long.',
};

/** What networks and operating systems report: what the packages themselves name, and what is frequent besides. */
export const TRANSPORT_ERRORS = {
  ABORT_ERR: 'The attempt was given up by the caller.',
  EACCES: 'The port may not be opened by this user; below 1024 that takes a privilege.',
  EADDRINUSE: 'The port, or the file of a Unix socket, is taken.',
  EADDRNOTAVAIL: 'The address to listen on is not one of this machine.',
  EAFNOSUPPORT: 'This machine does not speak IPv6.',
  EAI_AGAIN: 'The name of the host cannot be resolved now: the name server does not answer.',
  ECONNREFUSED: 'Nobody listens there.',
  ECONNRESET: 'The connection was cut by the peer or on the way.',
  EHOSTUNREACH: 'There is no way to the host.',
  EINVAL: 'The operating system cannot use the address.',
  ENETUNREACH: 'There is no way to the network of the host.',
  ENOENT: 'There is no such Unix socket, or no such folder.',
  ENOTFOUND: 'The name of the host cannot be resolved.',
  ERR_ADDRESS: 'A trusted proxy that is neither an address nor a network.',
  ERR_NOT_IN_BROWSER: 'A browser was to connect over something other than a WebSocket.',
  ERR_PROXY_HEADER: 'What came is no header of the PROXY protocol, and the listener expects one.',
  ERR_PROXY_UNTRUSTED: 'A header of the PROXY protocol from an address that is not a trusted proxy.',
  ERR_TLS_NO_CERTIFICATE: 'A TLS listener without a certificate.',
  ERR_WS_CLOSED: 'The peer closed the WebSocket with a status that tells of a fault.',
  ERR_WS_HANDSHAKE: 'The WebSocket handshake failed.',
  ERR_WS_ORIGIN: 'A web page of an origin that is not allowed asked for the WebSocket.',
  ERR_WS_PATH: 'A WebSocket was asked for under another path.',
  ERR_WS_SUBPROTOCOL: 'The peer does not offer the WebSocket subprotocol `mqtt`.',
  ERR_WS_TEXT_FRAME: 'A text frame came over the WebSocket, and MQTT travels in binary ones.',
  ETIMEDOUT: 'No answer in time.',
  UNKNOWN: 'Node reported an error without a code; the message is its own.',
};

/** When Busbar's broker sends a Reason Code, by the first name of the code; none for a failure that it never tells. */
export const SENT_BY_THE_BROKER = {
  success: 'It was done.',
  grantedQoS1: 'The subscription gets messages up to QoS 1.',
  grantedQoS2: 'The subscription gets messages up to QoS 2.',
  noMatchingSubscribers: 'The message is accepted, and nobody has subscribed to its topic.',
  noSubscriptionExisted: 'The client had no such subscription.',
  continueAuthentication: 'The next step of enhanced authentication.',
  unspecifiedError: 'A mistake in the broker itself. It is in the log, and only this connection ends.',
  implementationSpecificError:
    'A [hook](../how-to/extend-the-broker.md) failed at a SUBSCRIBE or PUBLISH packet; the log names it.',
  malformedPacket: 'The packet cannot be read.',
  protocolError: 'A packet that may not come now, or holds what may not be in it.',
  unsupportedProtocolVersion: 'CONNECT names another version than 3.1, 3.1.1 and 5.0.',
  clientIdentifierNotValid:
    'The Client Identifier is missing or longer than `maximumClientIdentifierLength`; below 5.0 also a Keep Alive above `maximumKeepAlive`.',
  badUserNameOrPassword: '`authenticate` answers it.',
  notAuthorized:
    'The user is not known, its password or token is wrong, a rule does not allow it, the session is of another user, or the client publishes below `$SYS`, where only bridges say whether they are connected. While a client is connected: its user is gone, or its token has expired.',
  serverBusy:
    'Too many logins have failed from there or with this user name, or too many wait to be checked; the broker is overloaded, or its memory is used up. A User Property `retry-after` has the seconds to wait.',
  connectionRateExceeded:
    'More clients connect than `maximumConnectRate` or `maximumConnectRatePerAddress` allow. A User Property `retry-after` has the seconds to wait.',
  banned: 'The client came and went too often and is kept out for a while.',
  serverUnavailable: '`authenticate`, or a hook, failed to answer, or did not within `authenticationTimeoutMs`.',
  serverShuttingDown: 'The broker is being stopped.',
  badAuthenticationMethod: 'CONNECT names a method that the broker does not have.',
  keepAliveTimeout: 'Nothing came for one and a half times the Keep Alive.',
  sessionTakenOver: 'Another connection came with the same Client Identifier.',
  topicFilterInvalid:
    'What the client subscribes to is no Topic Filter, or has more than `maximumTopicLevels` or `maximumTopicLength`.',
  topicNameInvalid:
    'The Topic Name is empty, holds a wildcard, or has more than `maximumTopicLevels` or `maximumTopicLength`.',
  packetIdentifierNotFound: 'PUBREL or PUBREC for a message that is not under way.',
  receiveMaximumExceeded: 'More messages of QoS 1 and 2 are unacknowledged than `receiveMaximum` allows.',
  topicAliasInvalid: 'A Topic Alias of 0 or above `topicAliasMaximum`.',
  messageRateTooHigh:
    'With `ratePolicy: disconnect`: the client publishes more than `maximumMessageRate` or `maximumByteRate`.',
  packetTooLarge: 'The packet is larger than `maximumPacketSize`.',
  quotaExceeded:
    'As many subscriptions, sessions, clients of a user, retained messages, or waiting messages with the policy `refuse`, as may be; more messages a second than may be, with `ratePolicy: refuse`; the memory is used up; the store cannot keep anything; a client that does not take its messages is cut off by the policy `disconnect`.',
  administrativeAction: 'The operator has ended the connection (`busbar kick`, `broker.kick`).',
  payloadFormatInvalid: 'With `checkPayloadFormat`: the payload says that it is UTF-8 text, and is not.',
  retainNotSupported: '`retainAvailable` is off, and a message or will is to be retained.',
  qosNotSupported: 'A message or will of a higher QoS than `maximumQoS`.',
  useAnotherServer: '`redirection` sends clients elsewhere for now.',
  serverMoved: '`redirection` sends clients elsewhere for good.',
  sharedSubscriptionsNotSupported: '`sharedSubscriptionAvailable` is off.',
  subscriptionIdentifiersNotSupported: '`subscriptionIdentifiersAvailable` is off.',
  wildcardSubscriptionsNotSupported: '`wildcardSubscriptionAvailable` is off.',
};
