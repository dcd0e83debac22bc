import type { ClientConnection, ClientConnectionOptions } from '@busbar/protocol';
import type { Authentication } from '../authenticate/authentication.ts';
import { bytesOf, type ClientOptions } from '../client-options.ts';
import type { AttemptOptions } from './attempt.ts';
import { type Dial, makeDial } from './dial.ts';
import type { PreparedAttempt } from './dialer.ts';
import { parseServerUrl, type ServerUrl } from './server-address.ts';

/** What an {@link AttemptMaker} works with. */
export interface AttemptParts {
  readonly options: ClientOptions;
  readonly authentication: Authentication | undefined;
  /** Makes a machine. @param connection What this attempt has of its own. */
  readonly makeMachine: (connection: ClientConnectionOptions) => ClientConnection;
}

/** Gets attempts ready: asks the program for what may have changed, and the method of authentication for its first step. */
export class AttemptMaker {
  readonly #parts: AttemptParts;
  readonly #dial: Dial;

  constructor(parts: AttemptParts) {
    this.#parts = parts;
    this.#dial = this.#makeDial({});
  }

  async prepare(server: ServerUrl, attempt: number, signal: AbortSignal): Promise<PreparedAttempt> {
    const { options, authentication, makeMachine } = this.#parts;
    const given = (await options.prepare?.({ server: server.address, attempt, signal })) ?? {};
    const { address, userName, password } = given.url === undefined ? server : parseServerUrl(given.url);
    const hasOwnDial = given.headers !== undefined || given.tls !== undefined;
    const connection = {
      userName: given.userName ?? options.userName ?? userName,
      password: bytesOf(given.password ?? options.password ?? password),
      properties: { ...given.properties, ...(await authentication?.connectProperties()) },
    };
    return {
      server: address,
      dial: hasOwnDial ? this.#makeDial(given) : this.#dial,
      makeMachine: (connackTimeoutMs) => makeMachine({ ...connection, connackTimeoutMs }),
    };
  }

  #makeDial(given: AttemptOptions): Dial {
    const { options } = this.#parts;
    return options.dial ?? makeDial({ ...options, ...given }, options.protocolVersion === 3 ? 'mqttv3.1' : 'mqtt');
  }
}
