/** Where and how to dial, in Node and in browsers alike. */
export interface WebSocketTarget {
  /** `ws:` or `wss:`, such as `wss://broker.example:8084/mqtt`. */
  readonly url: string;
  /** What is offered to the server, which takes one; default `mqtt`, and `mqttv3.1` is what servers for MQTT 3.1 may want. */
  readonly subprotocols?: readonly string[];
  /** Gives the attempt up when aborted; a connection that is made already is not touched. */
  readonly signal?: AbortSignal;
  /** Milliseconds for the whole attempt; default 30,000. */
  readonly timeoutMs?: number;
  /** Buffered bytes from which `isWritable` is false; default 65,536. */
  readonly highWaterMark?: number;
  /** Milliseconds a peer has to take the rest and to close its side after the end, before it is cut off; default 5,000. */
  readonly endTimeoutMs?: number;
}

/** The sub-protocol names of MQTT, the better one first: section 6 of MQTT 5.0 and 3.1.1, and what came before them. */
export const MQTT_SUBPROTOCOLS = ['mqtt', 'mqttv3.1'] as const;

/** Close codes of RFC 6455, section 7.4.1, as this transport uses them. */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  unsupportedData: 1003,
  noStatus: 1005,
  abnormal: 1006,
} as const;

/** Why a WebSocket was closed, if that was no proper end: undefined for the codes that say nothing bad. */
export function faultOfClose(code: number): string | undefined {
  const isInOrder =
    code === CloseCode.normal ||
    code === CloseCode.goingAway ||
    code === CloseCode.noStatus ||
    code === CloseCode.abnormal; // the TCP connection was closed without a word: as over TCP, that is no error
  return isInOrder ? undefined : `the peer closed the WebSocket with code ${code}`;
}
