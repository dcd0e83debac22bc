/** What TLS says of a connection: how it is protected, and who the peer is. Plain data, read once the handshake is done. */
export interface TlsSession {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string;
  /** The cipher suite in the standard's words, such as `TLS_AES_128_GCM_SHA256`. */
  readonly cipher: string;
  /** What ALPN agreed on, such as `mqtt`; undefined where the client did not offer it. */
  readonly alpnProtocol: string | undefined;
  /** The name that the client asked for (SNI); undefined where it named none. */
  readonly serverName: string | undefined;
  /** What the peer showed of itself; undefined where it showed nothing, as most clients do. */
  readonly peerCertificate: PeerCertificate | undefined;
  /** The identity whose pre-shared key the client has shown to know; undefined where it was not asked for one. */
  readonly preSharedKeyIdentity: string | undefined;
}

/** A peer's certificate. Its names are worth something only if it {@link isVerified}: anybody can write a certificate. */
export interface PeerCertificate {
  /** The chain ends in a trusted authority, is in date and not revoked. */
  readonly isVerified: boolean;
  /** Why it is not verified, as OpenSSL's code (`CERT_HAS_EXPIRED`, `DEPTH_ZERO_SELF_SIGNED_CERT`, ...); else undefined. */
  readonly verificationError: string | undefined;
  /** The distinguished name as RFC 2253 writes it, the most specific part first: `CN=press-7,O=Plant 4,C=DE`. */
  readonly subject: string;
  /** The most specific Common Name of the subject; undefined where there is none. */
  readonly commonName: string | undefined;
  /** In the order of the certificate. */
  readonly subjectAltNames: readonly SubjectAltName[];
  /** The issuer's distinguished name, written as {@link subject} is. */
  readonly issuer: string;
  /** Hexadecimal, upper case. */
  readonly serialNumber: string;
  /** SHA-256 of the certificate: 32 pairs of hexadecimal digits with colons between. */
  readonly fingerprint256: string;
  readonly validFrom: Date;
  readonly validTo: Date;
}

/** One name of a certificate's Subject Alternative Name extension. */
export interface SubjectAltName {
  readonly type: 'dns' | 'ip' | 'email' | 'uri' | 'other';
  readonly value: string;
}
