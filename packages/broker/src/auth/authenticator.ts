import type { ReasonCode } from '@busbar/codec';
import type { PeerCertificate } from '@busbar/transport';

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
}

/** 0 lets the client in; a Reason Code of 0x80 or greater refuses it (0x86 and 0x87 are usual). */
export type AuthenticationVerdict = ReasonCode;

/**
 * Decides who may connect. Answer at once where that is possible; a promise holds back this client only. A promise that
 * rejects refuses the client with 0x88 and is logged.
 */
export type Authenticate = (credentials: Credentials) => AuthenticationVerdict | Promise<AuthenticationVerdict>;
