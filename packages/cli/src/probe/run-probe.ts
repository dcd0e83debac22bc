import { describeReasonCode, type ProtocolVersion } from '@busbar/codec';
import { isColorful } from '../terminal/color.ts';
import { DialFailure } from '../tool/system-words.ts';
import type { ToolSettings } from '../tool/tool-settings.ts';
import { describePlace } from '../tool/wire-dial.ts';
import { capability, type Finding, type ProbeReport, type Section, told } from './findings.ts';
import { limitsOf, measureLatency, probeCapabilities } from './probe-capabilities.ts';
import { probeOddities } from './probe-oddities.ts';
import { describeTls, probeSystem } from './probe-server.ts';
import { newName, openSession } from './probe-session.ts';
import { renderReport } from './render-report.ts';

const VERSIONS: readonly (readonly [ProtocolVersion, string])[] = [
  [5, 'MQTT 5.0'],
  [4, 'MQTT 3.1.1'],
  [3, 'MQTT 3.1'],
];

/** Finds out what a server is and can do. @returns The exit code: 1 when it lets nobody in. */
export async function runProbe(settings: ToolSettings): Promise<number> {
  let report: ProbeReport;
  try {
    report = await probe(settings);
  } catch (error) {
    if (!(error instanceof DialFailure)) throw error;
    process.stderr.write(`Error: ${error.message}\n`);
    return 1;
  }
  const text = settings.printsJson
    ? `${JSON.stringify(report, null, settings.isPretty ? 2 : undefined)}\n`
    : renderReport(report, isColorful(process.stdout));
  process.stdout.write(text);
  return report.sections.some(({ title }) => title === 'limits' || title === 'capabilities') ? 0 : 1;
}

/** @throws {DialFailure} Nobody listens there. */
export async function probe(settings: ToolSettings): Promise<ProbeReport> {
  const sections: Section[] = [];
  const add = (title: string, findings: readonly Finding[]) => {
    if (findings.length > 0) sections.push({ title, findings });
  };
  const startedAt = performance.now();
  const connections: Finding[] = [];
  const versions: Finding[] = [];
  let best: ProtocolVersion | undefined;
  for (const [version, name] of VERSIONS) {
    const { connection, connack, connackMs } = await openSession(settings, { version, clientIdentifier: newName() });
    if (connections.length === 0) {
      connections.push(told('connected in', `${(performance.now() - startedAt - connackMs).toFixed(1)} ms`));
      add('TLS', describeTls(connection));
    }
    const isAccepted = connack?.reasonCode === 0;
    const remark = isAccepted
      ? `CONNACK in ${connackMs.toFixed(1)} ms`
      : connack === undefined
        ? 'the server hung up'
        : describeReasonCode(connack.reasonCode);
    versions.push(capability(name, isAccepted, remark));
    if (isAccepted && best === undefined) {
      best = version;
      connections.push(await measureLatency(connection));
      if (version === 5) add('limits', limitsOf(connack));
    }
    connection.end();
  }
  sections.unshift({ title: 'connection', findings: connections }, { title: 'versions', findings: versions });
  if (best !== undefined) {
    const parts = [probeCapabilities, probeSystem, probeOddities].map((probePart) => probePart(settings, best));
    const [capabilities = [], system = [], rules = []] = await Promise.all(parts);
    add('capabilities', capabilities);
    add('the server itself', system);
    add('rules', rules);
  }
  return { server: describePlace(settings), sections };
}
