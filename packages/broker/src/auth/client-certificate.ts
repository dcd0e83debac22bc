import type { Authenticator } from './authenticator.ts';

/**
 * Lets in whom its listener knows by a verified certificate (`useIdentityAsUserName`): no password is asked for. Everybody else
 * is left to the next authenticator.
 */
export function clientCertificate(): Authenticator {
  return {
    name: 'client certificate',
    authenticate: ({ isIdentified }) => (isIdentified === true ? { kind: 'allow' } : { kind: 'next' }),
  };
}
