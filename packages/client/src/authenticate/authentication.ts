import { type AuthPacket, type AuthProperties, ReasonCode } from '@busbar/codec';
import type { Agreement } from '@busbar/protocol';
import type { Link } from '../dialer/link.ts';
import { ClientError } from '../errors.ts';
import { type Settleable, settleable } from '../settleable.ts';
import type { AuthenticationExchange, AuthenticationMethod } from './authentication-method.ts';

/**
 * Carries the steps of a method between it and the machine: with CONNECT, and again whenever the program asks (section
 * 4.12.1). A step that comes after its connection has ended is thrown away.
 */
export class Authentication {
  readonly #method: AuthenticationMethod;
  readonly #link: () => Link | undefined;
  readonly #object: (error: Error) => void;
  #exchange: AuthenticationExchange | undefined;
  /** A re-authentication that somebody waits for. */
  #renewal: Settleable<void> | undefined;

  /**
   * @param link Answers the latest connection, also while it is being made.
   * @param object Ends the connection because of an error.
   */
  constructor(method: AuthenticationMethod, link: () => Link | undefined, object: (error: Error) => void) {
    this.#method = method;
    this.#link = link;
    this.#object = object;
  }

  /** Begins with a new connection. @returns What CONNECT carries. */
  async connectProperties(): Promise<AuthProperties> {
    this.#exchange = this.#method.begin();
    const authenticationData = await this.#exchange.first();
    return { authenticationMethod: this.#method.name, ...(authenticationData && { authenticationData }) };
  }

  /** A step of the server. */
  handleAuth({ reasonCode, properties }: AuthPacket): void {
    const exchange = this.#exchange;
    const link = this.#link();
    if (exchange === undefined || link === undefined) return;
    if (reasonCode === ReasonCode.success) {
      this.#finish(properties.authenticationData, () => this.#endRenewal((renewal) => renewal.resolve()));
      return;
    }
    const answer = async () => exchange.next(properties.authenticationData);
    answer().then(
      (data) => {
        if (this.#exchange !== exchange || link.machine.isClosed) return;
        link.machine.continueAuthentication(data === undefined ? {} : { authenticationData: data });
        link.touch();
      },
      (error: unknown) => {
        if (this.#exchange === exchange) this.#object(failed(error));
      },
    );
  }

  /** The server has accepted the connection. @returns Whether the client accepts the server. */
  handleConnected({ properties }: Agreement): boolean {
    return this.#finish(properties.authenticationData, () => {});
  }

  handleDisconnected(reason: Error): void {
    this.#exchange = undefined;
    this.#endRenewal((renewal) => renewal.reject(reason));
  }

  /** Authenticates again. Resolves when the server has accepted it. */
  async renew(link: Link): Promise<void> {
    if (this.#renewal !== undefined) throw failed('another re-authentication is under way');
    const exchange = this.#method.begin();
    this.#exchange = exchange;
    const renewal = settleable();
    this.#renewal = renewal;
    renewal.promise.catch(() => {});
    try {
      const data = await exchange.first();
      if (this.#exchange === exchange && !link.machine.isClosed) {
        link.machine.reAuthenticate(data === undefined ? {} : { authenticationData: data });
        link.touch();
      }
    } catch (error) {
      this.#endRenewal((renewal) => renewal.reject(failed(error)));
    }
    return renewal.promise;
  }

  #finish(data: Uint8Array | undefined, succeed: () => void): boolean {
    try {
      this.#exchange?.finish?.(data);
    } catch (error) {
      this.#object(failed(error));
      return false;
    }
    succeed();
    return true;
  }

  #endRenewal(tell: (renewal: Settleable<void>) => void): void {
    const renewal = this.#renewal;
    this.#renewal = undefined;
    if (renewal !== undefined) tell(renewal);
  }
}

function failed(cause: unknown): ClientError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ClientError('authentication-failed', `authentication failed: ${why}`, { cause });
}
