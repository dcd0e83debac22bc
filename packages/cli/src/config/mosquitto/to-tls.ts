import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Place, SettingPath } from '../place.ts';
import type { ListenerSettings } from '../schema.ts';
import { type Translation, usesCertificates, type Values } from './translation.ts';

/** What a listener does with TLS; undefined: nothing. */
export function translateTls(
  translation: Translation,
  values: Values,
  where: SettingPath,
  place: Place,
): ListenerSettings['tls'] {
  const text = (name: string) => values.get(name)?.value as string | undefined;
  const [cert, key] = [text('certfile'), text('keyfile')];
  if (cert === undefined && key === undefined) return pskOnly(translation, values, where, place);
  if (cert === undefined || key === undefined) {
    translation.fail(
      place,
      `a listener with ${cert === undefined ? 'keyfile' : 'certfile'} needs ${cert === undefined ? 'certfile' : 'keyfile'}, too`,
    );
  }
  const marks = { cert: 'certfile', key: 'keyfile', ca: 'cafile', crl: 'crlfile' };
  for (const [name, option] of Object.entries(marks)) translation.mark([...where, name], values.get(option)?.place);
  const ca = [...(text('cafile') === undefined ? [] : [text('cafile') ?? '']), ...capath(translation, values)];
  const required = values.get('require_certificate')?.value === true;
  if (!required && usesCertificates(values))
    translation.fail(place, 'use_identity_as_username and use_subject_as_username need require_certificate true');
  if (required && ca.length === 0) translation.fail(place, 'require_certificate needs cafile or capath');
  const ciphers = ciphersOf(text('ciphers_tls1.3'), text('ciphers'));
  return {
    cert: cert ?? '',
    key: key ?? '',
    ...(ca.length === 0 ? {} : { ca }),
    ...(text('crlfile') === undefined ? {} : { crl: text('crlfile') }),
    ...(required ? { clientCertificates: 'require' as const } : {}),
    ...minVersion(values),
    ...(ciphers === undefined ? {} : { ciphers }),
  };
}

/** A listener with psk_hint and without a certificate. */
function pskOnly(translation: Translation, values: Values, where: SettingPath, place: Place): ListenerSettings['tls'] {
  const hint = values.get('psk_hint')?.value as string | undefined;
  if (hint === undefined) return undefined;
  const file = translation.sharedBy(values).get('psk_file');
  if (file === undefined) translation.fail(place, 'a listener with psk_hint needs psk_file');
  translation.mark([...where, 'pskFile'], file?.place);
  const ciphers = values.get('ciphers')?.value as string | undefined;
  const pskFile = String(file?.value ?? '');
  return { pskFile, pskHint: hint, ...minVersion(values), ...(ciphers === undefined ? {} : { ciphers }) };
}

function minVersion(values: Values): { minVersion?: 'TLSv1.2' | 'TLSv1.3' } {
  const version = values.get('tls_version')?.value as 'TLSv1.2' | 'TLSv1.3' | undefined;
  return version === undefined ? {} : { minVersion: version };
}

function capath(translation: Translation, values: Values): string[] {
  const capath = values.get('capath');
  if (capath === undefined) return [];
  const folder = String(capath.value);
  try {
    return readdirSync(folder)
      .filter((name) => /\.(pem|crt)$/.test(name))
      .sort()
      .map((name) => path.join(folder, name));
  } catch {
    translation.fail(capath.place, `capath: ${folder} cannot be read`);
    return [];
  }
}

/** One list for all versions. With suites of TLS 1.3 alone it would leave none for 1.2; the other way round Node adds its own. */
function ciphersOf(forTls13: string | undefined, forTls12: string | undefined): string | undefined {
  return forTls13 === undefined ? forTls12 : `${forTls13}:${forTls12 ?? 'DEFAULT:!aNULL'}`;
}
