import type { SettingPath } from '../place.ts';
import type { AuthenticatorSettings } from '../schema.ts';
import type { Translation, Values } from './translation.ts';

/** Who says whether a client may come in, in their order. */
export function translateChain(
  translation: Translation,
  values: Values,
  where: SettingPath,
  withCertificate: boolean,
): AuthenticatorSettings[] {
  const prefix = translation.values.get('clientid_prefixes')?.value as string | undefined;
  const passwords = values.get('password_file');
  const chain: AuthenticatorSettings[] = [];
  if (prefix !== undefined) chain.push({ clientIdentifierPrefix: prefix });
  if (withCertificate) chain.push({ certificate: true });
  if (passwords !== undefined) {
    translation.mark([...where, chain.length, 'passwordFile'], passwords.place);
    translation.mark([...where, chain.length], passwords.place);
    chain.push({ passwordFile: String(passwords.value) });
  }
  return chain;
}
