/** What OpenSSL's verification codes mean, as the end of the sentence that begins with the certificate's owner. */
const VERIFICATION: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'the certificate has expired'],
  ['CERT_NOT_YET_VALID', 'the certificate is not valid yet'],
  ['CERT_REVOKED', 'the certificate is revoked'],
  ['CERT_UNTRUSTED', 'the certificate is not trusted for this use'],
  ['CERT_REJECTED', 'the certificate is rejected for this use'],
  ['CERT_SIGNATURE_FAILURE', 'the signature of the certificate is wrong'],
  ['CERT_CHAIN_TOO_LONG', 'the chain of certificates is too long'],
  ['CRL_HAS_EXPIRED', 'the certificate revocation list has expired'],
  ['CRL_NOT_YET_VALID', 'the certificate revocation list is not valid yet'],
  ['CRL_SIGNATURE_FAILURE', 'the signature of the certificate revocation list is wrong'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'the certificate is signed by itself and not among the trusted ones'],
  ['INVALID_CA', 'an issuer in the chain is no certificate authority'],
  ['INVALID_PURPOSE', 'the certificate is not made for this use'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'the chain of certificates ends in an authority that is not trusted'],
  ['UNABLE_TO_GET_CRL', 'there is no certificate revocation list of its issuer'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'the certificate of its issuer is missing'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'the certificate is issued by an authority that is not trusted'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'the certificate is issued by an authority that is not trusted'],
]);

/** The meaning of one of OpenSSL's verification codes in words; undefined for a code that is none. */
export function wordsOfVerification(code: string): string | undefined {
  return VERIFICATION.get(code);
}

/** What a TLS error of Node means in words; undefined for any other error. */
export function wordsOfTlsError(error: object): string | undefined {
  const { code, reason, library } = error as { code?: unknown; reason?: unknown; library?: unknown };
  if (typeof code === 'string' && VERIFICATION.has(code)) return VERIFICATION.get(code);
  if (typeof reason !== 'string' || library !== 'SSL routines') return undefined;
  const [, alert] = /alert (.+)$/.exec(reason) ?? [];
  return alert === undefined ? `TLS handshake failed, ${reason}` : `the peer refused TLS, ${alert}`;
}
