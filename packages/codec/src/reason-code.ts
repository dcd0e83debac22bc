/**
 * Every Reason Code of MQTT 5.0 (section 2.4) under the standard's name. 3.1.1 knows only a few return codes; the codec
 * translates them, so that above it there is one vocabulary. 0x00 has three names for the three things it can mean.
 *
 * @example if (packet.reasonCode === ReasonCode.quotaExceeded) slowDown();
 */
export const ReasonCode = {
  success: 0x00,
  normalDisconnection: 0x00,
  grantedQoS0: 0x00,
  grantedQoS1: 0x01,
  grantedQoS2: 0x02,
  disconnectWithWillMessage: 0x04,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  continueAuthentication: 0x18,
  reAuthenticate: 0x19,
  unspecifiedError: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  implementationSpecificError: 0x83,
  unsupportedProtocolVersion: 0x84,
  clientIdentifierNotValid: 0x85,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  banned: 0x8a,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdentifierInUse: 0x91,
  packetIdentifierNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  messageRateTooHigh: 0x96,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  payloadFormatInvalid: 0x99,
  retainNotSupported: 0x9a,
  qosNotSupported: 0x9b,
  useAnotherServer: 0x9c,
  serverMoved: 0x9d,
  sharedSubscriptionsNotSupported: 0x9e,
  connectionRateExceeded: 0x9f,
  maximumConnectTime: 0xa0,
  subscriptionIdentifiersNotSupported: 0xa1,
  wildcardSubscriptionsNotSupported: 0xa2,
} as const;

/** A Reason Code as it stands on the wire. */
export type ReasonCode = (typeof ReasonCode)[keyof typeof ReasonCode];

/** The first Reason Code that tells of a failure (section 2.4): below it, the operation succeeded. */
export const FIRST_FAILURE = 0x80;

/** Where the words are not simply those of the name. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['grantedQoS1', 'granted QoS 1'],
  ['grantedQoS2', 'granted QoS 2'],
  ['reAuthenticate', 're-authenticate'],
  ['qosNotSupported', 'QoS not supported'],
]);

const descriptions = new Map<number, string>();
for (const [name, code] of Object.entries(ReasonCode)) {
  const words = WORDS.get(name) ?? name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  if (!descriptions.has(code)) descriptions.set(code, words);
}

/**
 * The Reason Code as people read it, for logs and error messages.
 *
 * @example describeReasonCode(0x97) === 'quota exceeded (0x97)'
 */
export function describeReasonCode(code: number): string {
  const hex = hexOf(code);
  const words = descriptions.get(code);
  return words === undefined ? hex : `${words} (${hex})`;
}

/** A byte as the standard writes it: `0x97`. */
export function hexOf(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}

/** Codes of 3.1.1's CONNACK (section 3.2.2.3) in their order on the wire, as the Reason Codes that mean the same. */
const CONNECT_RETURN_CODES: readonly ReasonCode[] = [
  ReasonCode.success,
  ReasonCode.unsupportedProtocolVersion,
  ReasonCode.clientIdentifierNotValid,
  ReasonCode.serverUnavailable,
  ReasonCode.badUserNameOrPassword,
  ReasonCode.notAuthorized,
];

/** The Reason Code that means the same as a return code of 3.1.1's CONNACK; undefined for one that 3.1.1 reserves. */
export function reasonCodeOfConnectReturnCode(returnCode: number): ReasonCode | undefined {
  return CONNECT_RETURN_CODES[returnCode];
}

/** The return code of 3.1.1's CONNACK that comes nearest to a Reason Code; undefined where 3.1.1 has no word for it. */
export function connectReturnCodeOf(reasonCode: number): number | undefined {
  const exact = CONNECT_RETURN_CODES.indexOf(reasonCode as ReasonCode);
  if (exact >= 0) return exact;
  switch (reasonCode) {
    case ReasonCode.serverBusy:
    case ReasonCode.serverShuttingDown:
    case ReasonCode.quotaExceeded:
    case ReasonCode.connectionRateExceeded:
    case ReasonCode.useAnotherServer:
    case ReasonCode.serverMoved:
    case ReasonCode.unspecifiedError:
    case ReasonCode.implementationSpecificError:
      return 3;
    case ReasonCode.banned:
    case ReasonCode.badAuthenticationMethod:
    case ReasonCode.qosNotSupported:
    case ReasonCode.retainNotSupported:
    case ReasonCode.topicNameInvalid:
      return 5;
    default:
      return undefined;
  }
}
