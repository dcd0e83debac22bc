import { X509Certificate } from 'node:crypto';
import type { ReadConfiguration } from './broker-options.ts';
import type { FindPlace } from './check-settings.ts';
import { formatPath, formatPlace, type SettingPath } from './place.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * What is to be said of certificates that are not valid at a time. A listener opens with them all the same, since clocks are set and
 * certificates replaced while it runs; but the clients will not come, and the broker's log says no more than that they left.
 *
 * @param now Milliseconds since 1970.
 */
export function certificateNotices(
  { options, http }: ReadConfiguration,
  findPlace: FindPlace,
  now: number,
): readonly string[] {
  const notices = (path: SettingPath, pem: unknown): string[] => {
    const place = findPlace(path) ?? findPlace(path.slice(0, -1));
    const where = `${place === undefined ? '' : `${formatPlace(place)}: `}${formatPath(path)}`;
    return [...String(pem ?? '').matchAll(CERTIFICATE)].flatMap(([text]) => {
      const fault = validityFault(text, now);
      return fault === undefined ? [] : [`${where}: ${fault}`];
    });
  };
  const ofListeners = (options.listeners ?? []).flatMap(({ tls }, at) => [
    ...(tls?.certificates ?? []).flatMap(({ cert }) => notices(['listeners', at, 'tls', 'cert'], cert)),
    ...(tls?.clientCertificates === undefined ? [] : notices(['listeners', at, 'tls', 'ca'], tls.ca)),
  ]);
  return [...ofListeners, ...notices(['http', 'tls', 'cert'], http?.tls?.cert)];
}

/** In words, with whose it is: a file may hold a whole chain. Undefined for what is no certificate, too, which OpenSSL passes over. */
function validityFault(text: string, now: number): string | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(text);
  } catch {
    return undefined;
  }
  const { subject, validFrom, validTo } = certificate;
  const whose = `the certificate of ${subject?.replaceAll('\n', ', ') || 'nobody'}`;
  const timeOf = (date: string): string => new Date(date).toISOString();
  if (now > Date.parse(validTo)) return `${whose} has expired at ${timeOf(validTo)}: peers refuse it`;
  if (now < Date.parse(validFrom)) return `${whose} is not valid before ${timeOf(validFrom)}: peers refuse it`;
  return undefined;
}
