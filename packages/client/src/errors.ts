import { type ConnackProperties, type DisconnectProperties, describeReasonCode, type ReasonCode } from '@busbar/codec';

/** Stable codes of {@link ClientError}, for programs to branch on. */
export type ClientErrorCode =
  | 'aborted'
  | 'authentication-failed'
  | 'client-ended'
  | 'dropped'
  | 'expired'
  | 'no-responder'
  | 'offline'
  | 'queue-full'
  | 'session-lost'
  | 'store-damaged'
  | 'store-failed'
  | 'store-in-use'
  | 'store-mismatch'
  | 'timeout';

/**
 * Something that the client could not do for reasons of the world, not of its caller: `queue-full`, `offline` and so on.
 *
 * @example
 * try {
 *   await client.publish('plant/1', 'x', { qos: 1 });
 * } catch (error) {
 *   if (error instanceof ClientError && error.code === 'queue-full') slowDown();
 * }
 */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  /** Stable code, for programs to branch on. */
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What fails because somebody has ended the client. */
export function clientEnded(): ClientError {
  return new ClientError('client-ended', 'the client has been ended');
}

/**
 * The server has refused the connection with its CONNACK (section 3.2.2.2).
 *
 * @example
 * client.on('attempt-failed', ({ error }) => {
 *   if (error instanceof ConnectionRefusedError && error.reasonCode === ReasonCode.banned) void client.end();
 * });
 */
export class ConnectionRefusedError extends Error {
  override readonly name = 'ConnectionRefusedError';
  readonly code = 'connection-refused';
  /** Why; below 5.0 the Reason Code that means the same as the return code. */
  readonly reasonCode: ReasonCode;
  /** What the server said besides; empty below 5.0. */
  readonly properties: Readonly<ConnackProperties>;

  constructor(reasonCode: ReasonCode, properties: Readonly<ConnackProperties>) {
    super(withReason('the server refused the connection', reasonCode, properties.reasonString));
    this.reasonCode = reasonCode;
    this.properties = properties;
  }
}

/**
 * A connection that stood or was being made has ended: by the server's DISCONNECT, a fault of the server, or silence.
 *
 * @example
 * client.on('disconnected', ({ reason }) => {
 *   if (reason instanceof ConnectionEndedError) console.log(reason.code, describeReasonCode(reason.reasonCode));
 * });
 */
export class ConnectionEndedError extends Error {
  override readonly name = 'ConnectionEndedError';
  readonly code: 'disconnected' | 'fault' | 'timeout' | 'ended' | 'lost';
  readonly reasonCode: ReasonCode;
  /** What the server said in its DISCONNECT besides; empty where it sent none. */
  readonly properties: Readonly<DisconnectProperties>;

  constructor(
    code: ConnectionEndedError['code'],
    reasonCode: ReasonCode,
    message: string,
    properties: Readonly<DisconnectProperties> = {},
    options?: ErrorOptions,
  ) {
    super(code === 'lost' ? `the connection was lost: ${message}` : withReason(message, reasonCode), options);
    this.code = code;
    this.reasonCode = reasonCode;
    this.properties = properties;
  }
}

/**
 * The server has refused a message of QoS 1 or 2 (sections 3.4 and 3.5).
 *
 * @example
 * await client.publish('plant/1', 'x', { qos: 1 }).catch((error) => {
 *   if (error instanceof PublishError && error.reasonCode === ReasonCode.quotaExceeded) slowDown();
 * });
 */
export class PublishError extends Error {
  override readonly name = 'PublishError';
  readonly code = 'publish-refused';
  readonly topicName: string;
  readonly reasonCode: ReasonCode;

  constructor(topicName: string, reasonCode: ReasonCode, reasonString: string | undefined) {
    super(withReason(`the server refused the message to '${topicName}'`, reasonCode, reasonString));
    this.topicName = topicName;
    this.reasonCode = reasonCode;
  }
}

/**
 * The server has refused a subscription (section 3.9.3).
 *
 * @example
 * client.on('subscription-failed', ({ topicFilter, error }) => {
 *   if (error instanceof SubscribeError) console.log(topicFilter, describeReasonCode(error.reasonCode));
 * });
 */
export class SubscribeError extends Error {
  override readonly name = 'SubscribeError';
  readonly code = 'subscribe-refused';
  readonly topicFilter: string;
  readonly reasonCode: ReasonCode;

  constructor(topicFilter: string, reasonCode: ReasonCode, reasonString: string | undefined) {
    super(withReason(`the server refused the subscription to '${topicFilter}'`, reasonCode, reasonString));
    this.topicFilter = topicFilter;
    this.reasonCode = reasonCode;
  }
}

/**
 * The server has refused to end a subscription (section 3.11.3).
 *
 * @example
 * await client.unsubscribe('plant/#').catch((error) => {
 *   if (error instanceof UnsubscribeError) console.log(error.topicFilter, error.message);
 * });
 */
export class UnsubscribeError extends Error {
  override readonly name = 'UnsubscribeError';
  readonly code = 'unsubscribe-refused';
  readonly topicFilter: string;
  readonly reasonCode: ReasonCode;

  constructor(topicFilter: string, reasonCode: ReasonCode, reasonString: string | undefined) {
    super(withReason(`the server refused to end the subscription to '${topicFilter}'`, reasonCode, reasonString));
    this.topicFilter = topicFilter;
    this.reasonCode = reasonCode;
  }
}

function withReason(what: string, reasonCode: ReasonCode, reasonString?: string): string {
  const reason = `${what}: ${describeReasonCode(reasonCode)}`;
  return reasonString === undefined ? reason : `${reason}, '${reasonString}'`;
}
