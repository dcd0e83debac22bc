/** @busbar/transport for browsers: WebSocket is what they have. */
import { codedError } from './byte-transport.ts';

export { formatAddress, formatPeer, numericAddress } from './address.ts';
export { TransportError } from './byte-transport.ts';
export { dialWebSocket } from './websocket.browser.ts';

const refuse = (what: string) => async (): Promise<never> => {
  throw codedError('ERR_NOT_IN_BROWSER', `a browser cannot connect over ${what}, only to ws: and wss:`);
};

/** @throws {TransportError} `ERR_NOT_IN_BROWSER`: always. */
export const dialTcp = refuse('TCP');

/** @throws {TransportError} `ERR_NOT_IN_BROWSER`: always. */
export const dialTls = refuse('TLS without WebSocket');

/** @throws {TransportError} `ERR_NOT_IN_BROWSER`: always. */
export const dialUnix = refuse('a Unix socket');
