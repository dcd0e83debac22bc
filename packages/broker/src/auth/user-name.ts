import { textFault } from './text-fault.ts';

/** Characters of one that cannot be used that are shown; a longer one may be a token, and is a secret then. */
const LONGEST_SHOWN = 64;

/**
 * Why what a certificate, a token or a program gives cannot be a User Name (section 3.1.3.5); undefined when it can. A client can
 * send none of these: in rules, logs and as a Client Identifier they would be what nobody has allowed for.
 */
export function userNameFault(userName: string): string | undefined {
  if (userName === '') return 'it is empty, which is none';
  const fault = textFault(userName);
  if (fault === undefined || userName.length > LONGEST_SHOWN) return fault;
  return `${fault}: ${JSON.stringify(userName)}`; // JSON writes both as escapes
}
