import { type PeerCertificate, TLSSocket } from 'node:tls';
import type { ProtocolVersion } from '@busbar/codec';
import type { ToolSettings } from '../tool/tool-settings.ts';
import { type Finding, told } from './findings.ts';
import type { ProbeConnection } from './probe-connection.ts';
import { openSession, subscribe } from './probe-session.ts';

const DAY_MS = 86_400_000;
const DEEPEST_CHAIN = 10;
/** What servers tell of themselves, where they do. */
const ABOUT = ['$SYS/broker/version', '$SYS/broker/uptime', '$SYS/broker/clients/connected', '$SYS/brokers'];
const CLOCKS = ['$SYS/brokers/+/datetime', '$SYS/broker/time'];

/** What the server says of itself below `$SYS`, its clock included. */
export async function probeSystem(settings: ToolSettings, version: ProtocolVersion): Promise<Finding[]> {
  const { connection } = await openSession(settings, { version });
  await subscribe(
    connection,
    [...ABOUT, ...CLOCKS].map((topicFilter) => ({ topicFilter, qos: 0 })),
  );
  const messages = await connection.messages();
  connection.end();
  const texts = messages.map(({ topicName, payload }) => ({ topicName, text: Buffer.from(payload).toString('utf8') }));
  const clock = texts.find(({ topicName }) => /\/(datetime|time)$/.test(topicName));
  const rest = texts.filter((each) => each !== clock).map(({ topicName, text }) => told(topicName, text));
  return [...rest, told('clock skew', skewOf(clock?.text))];
}

function skewOf(text: string | undefined): string {
  const time = text === undefined ? Number.NaN : /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(time)) return 'unknown, the server tells no time';
  const seconds = ((time > 1e11 ? time : time * 1000) - Date.now()) / 1000;
  return `${seconds.toFixed(1)} s ${seconds < 0 ? 'behind' : 'ahead'}`;
}

/** What TLS says of the connection and of the server's certificates; nothing without TLS. */
export function describeTls({ stream }: ProbeConnection): Finding[] {
  if (!(stream instanceof TLSSocket)) return [];
  const findings = [
    told('protocol', stream.getProtocol() ?? 'unknown'),
    told('cipher suite', stream.getCipher().standardName),
    told('ALPN', stream.alpnProtocol || 'none'),
    told('verified', stream.authorized ? 'yes' : `no, ${stream.authorizationError}`),
  ];
  const seen = new Set<string>();
  let certificate: PeerCertificate | undefined = stream.getPeerCertificate(true);
  for (let depth = 0; depth < DEEPEST_CHAIN && certificate?.subject !== undefined; depth++) {
    if (seen.has(certificate.fingerprint256)) break;
    seen.add(certificate.fingerprint256);
    findings.push(told(depth === 0 ? 'certificate' : `issuer ${depth}`, describeCertificate(certificate)));
    certificate = (certificate as { issuerCertificate?: PeerCertificate }).issuerCertificate;
  }
  return findings;
}

function describeCertificate({ subject, subjectaltname, valid_to: until }: PeerCertificate): string {
  const days = Math.floor((Date.parse(until) - Date.now()) / DAY_MS);
  const left = days < 0 ? `expired ${-days} days ago` : `${days} days left`;
  const name = subject.CN ?? subject.O ?? 'without a name';
  return `${name}${subjectaltname === undefined ? '' : ` (${subjectaltname})`}, until ${new Date(until).toISOString().slice(0, 10)}, ${left}`;
}
