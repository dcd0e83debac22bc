import type { ReasonCode } from '@busbar/codec';
import type { Credentials, Grant } from './authenticator.ts';

/** What an exchange of enhanced authentication comes to after each message of the client (section 4.12). */
export type AuthenticationStep =
  | { readonly kind: 'continue'; readonly data: Uint8Array }
  | {
      readonly kind: 'accept';
      readonly data?: Uint8Array;
      readonly userName?: string;
      readonly grant?: Grant | undefined;
    }
  | { readonly kind: 'refuse'; readonly reasonCode: ReasonCode; readonly message: string; readonly by?: LoginRefusal };

/** Who refused a login and why, for the log: what the client is told is less. */
export interface LoginRefusal {
  readonly name: string;
  readonly reason: string;
}

/** One client's way through a method, from its first message to acceptance or refusal. */
export interface AuthenticationExchange {
  /**
   * Takes the client's next Authentication Data. Answer at once where that is possible; a promise holds back this client
   * only, and one that rejects refuses it with 0x88.
   */
  next(data: Uint8Array | undefined): AuthenticationStep | Promise<AuthenticationStep>;
}

/** What is known of a client before the first message of an exchange. */
export type ClientToAuthenticate = Pick<Credentials, 'clientIdentifier' | 'address' | 'certificate'>;

/** A method of enhanced authentication: the port for SCRAM, Kerberos and one's own. */
export interface AuthenticationMethod {
  /** As clients name it with the Authentication Method property, such as `SCRAM-SHA-256`. */
  readonly name: string;
  /**
   * Begins an exchange, for a CONNECT or to authenticate again. Then the client stays who it is: of what is granted `validUntil`
   * counts, and another user name is refused with 0x87.
   */
  begin(client: ClientToAuthenticate): AuthenticationExchange;
}
