import type { ClientConnection, ClientConnectionOptions } from '@busbar/protocol';
import type { Authentication } from '../authenticate/authentication.ts';
import { bytesOf, type ClientOptions } from '../client-options.ts';
import { makeDial } from './dial.ts';
import type { PreparedAttempt } from './dialer.ts';
import { parseServerUrl, type ServerUrl } from './server-address.ts';

/** What an attempt is made of. */
export interface AttemptParts {
  readonly options: ClientOptions;
  readonly authentication: Authentication | undefined;
  /** Makes a machine. @param connection What this attempt has of its own. */
  readonly makeMachine: (connection: ClientConnectionOptions) => ClientConnection;
}

/** Gets an attempt ready: asks the program for what may have changed, and the method of authentication for its first step. */
export async function prepareAttempt(
  { options, authentication, makeMachine }: AttemptParts,
  server: ServerUrl,
  attempt: number,
  signal: AbortSignal,
): Promise<PreparedAttempt> {
  const given = (await options.prepare?.({ server: server.address, attempt, signal })) ?? {};
  const { address, userName, password } = given.url === undefined ? server : parseServerUrl(given.url);
  const connection = {
    userName: given.userName ?? options.userName ?? userName,
    password: bytesOf(given.password ?? options.password ?? password),
    properties: { ...given.properties, ...(await authentication?.connectProperties()) },
  };
  const subprotocol = options.protocolVersion === 3 ? 'mqttv3.1' : 'mqtt';
  return {
    server: address,
    dial: options.dial ?? makeDial(given.tls ?? options.tls, given.headers ?? options.headers, subprotocol),
    makeMachine: (connackTimeoutMs) => makeMachine({ ...connection, connackTimeoutMs }),
  };
}
