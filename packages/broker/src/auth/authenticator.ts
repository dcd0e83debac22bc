import type { ReasonCode } from '@busbar/codec';
import type { PeerCertificate } from '@busbar/transport';
import type { Identity } from '../authorization/identity.ts';

/** What a client shows of itself with CONNECT. */
export interface Credentials {
  readonly clientIdentifier: string;
  /** From CONNECT; or from the client's certificate, where the listener says so. */
  readonly userName: string | undefined;
  readonly password: Uint8Array | undefined;
  /** Numeric address of the peer. */
  readonly address: string;
  /** The client's certificate, where its listener asks for one. Trust its names only if it `isVerified`. */
  readonly certificate: PeerCertificate | undefined;
  /** Whether `userName` comes from a verified certificate: then it is proven. */
  readonly isIdentified?: boolean | undefined;
}

/** 0 lets the client in; a Reason Code of 0x80 or greater refuses it (0x86 and 0x87 are usual). */
export type AuthenticationVerdict = ReasonCode;

/**
 * Decides who may connect. Answer at once where that is possible; a promise holds back this client only. A promise that
 * rejects refuses the client with 0x88 and is logged.
 */
export type Authenticate = (credentials: Credentials) => AuthenticationVerdict | Promise<AuthenticationVerdict>;

/** What an authenticator knows of a client that it lets in; what is not given stays as CONNECT said it. */
export type Grant = Partial<Omit<Identity, 'clientIdentifier'>> & {
  /** Milliseconds since 1970 at which the connection ends, because what the client showed is no longer valid. */
  readonly validUntil?: number | undefined;
};

/** What one authenticator of a chain says: yes, no, or that the next one is to be asked. */
export type ChainAnswer =
  | { readonly kind: 'allow'; readonly grant?: Grant | undefined; readonly by?: string | undefined }
  | {
      readonly kind: 'deny';
      /** Default: 0x87 Not authorized. */
      readonly reasonCode?: ReasonCode | undefined;
      /** For the log, never for the client. */
      readonly message: string;
      readonly by?: string | undefined;
    }
  | { readonly kind: 'next' };

/** One way to find out who a client is. Authenticators are asked in their order until one knows. */
export interface Authenticator {
  /** For logs and explanations, such as `password file /etc/busbar/passwd`. */
  readonly name: string;
  /** Answer at once where that is possible. A promise that rejects refuses the client with 0x88 and is logged. */
  authenticate(credentials: Credentials): ChainAnswer | Promise<ChainAnswer>;
  /**
   * Whether it has a user of this name, for clients that are connected when passwords are replaced; undefined when it cannot
   * tell. Default: it cannot.
   */
  knows?(userName: string): boolean | undefined;
  /** Lets go of what it holds, when the broker stops. */
  close?(): void | Promise<void>;
}
