import { describeReasonCode, type ReasonCode } from '@busbar/codec';
import {
  ClientError,
  ConnectionEndedError,
  ConnectionRefusedError,
  PublishError,
  SubscribeError,
  UnsubscribeError,
} from '../errors.ts';

/** Return codes of 3.1.1 by the Reason Codes of 5.0 that mean the same (section 3.2.2.3 of 3.1.1). */
const RETURN_CODES: Readonly<Record<number, readonly [number, string]>> = {
  132: [1, 'Unacceptable protocol version'],
  133: [2, 'Identifier rejected'],
  136: [3, 'Server unavailable'],
  134: [4, 'Bad username or password'],
  135: [5, 'Not authorized'],
};

/** An error as MQTT.js gives it: what was refused, with the peer's code; ours is its `cause`. */
export function mqttJsError(error: Error, protocolVersion: number): Error {
  if (error instanceof ConnectionRefusedError) {
    const [code, text] = (protocolVersion < 5 && RETURN_CODES[error.reasonCode]) || saidBy(error.reasonCode);
    return coded(`Connection refused: ${text}`, code, error);
  }
  if (error instanceof PublishError) return refusal('Publish', error);
  if (error instanceof SubscribeError) return refusal('Subscribe', error);
  if (error instanceof UnsubscribeError) return refusal('Unsubscribe', error);
  if (error instanceof ClientError && error.code === 'client-ended') return clientDisconnecting(error);
  if (error instanceof ConnectionEndedError && error.code === 'lost' && error.cause instanceof Error)
    return error.cause;
  if (error instanceof ConnectionEndedError && error.code === 'timeout') {
    return new Error('Keepalive timeout', { cause: error });
  }
  return error;
}

/** What MQTT.js says to whoever asks for something after the end. */
export function clientDisconnecting(cause?: Error): Error {
  return new Error('client disconnecting', { cause });
}

function refusal(what: string, error: PublishError | SubscribeError | UnsubscribeError): Error {
  const [code, text] = saidBy(error.reasonCode);
  return coded(`${what} error: ${text}`, code, error);
}

function saidBy(reasonCode: ReasonCode): readonly [number, string] {
  const words = describeReasonCode(reasonCode).replace(/ \(0x.*$/, '');
  return [reasonCode, words.charAt(0).toUpperCase() + words.slice(1)];
}

function coded(message: string, code: number, cause: Error): Error {
  return Object.assign(new Error(message, { cause }), { code });
}
