/** @busbar/transport for browsers: WebSocket is what they have. */
import { TransportError } from './byte-transport.ts';

export { formatAddress, formatPeer, numericAddress } from './address.ts';
export { TransportError } from './byte-transport.ts';
export { dialWebSocket } from './websocket.browser.ts';

const refuse = (what: string) => async (): Promise<never> => {
  const message = `a browser cannot connect over ${what}, only to ws: and wss: (ERR_NOT_IN_BROWSER)`;
  throw new TransportError('ERR_NOT_IN_BROWSER', message);
};

/** @throws {TransportError} `ERR_NOT_IN_BROWSER`: always. */
export const dialTcp = refuse('TCP');

/** @throws {TransportError} `ERR_NOT_IN_BROWSER`: always. */
export const dialTls = refuse('TLS without WebSocket');

/** @throws {TransportError} `ERR_NOT_IN_BROWSER`: always. */
export const dialUnix = refuse('a Unix socket');
