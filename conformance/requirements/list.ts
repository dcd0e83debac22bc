/** `npm run requirements`: every normative statement with whom it binds and what shows it. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { VERSION_NAME } from '../run/scenario.ts';
import { SCENARIOS } from '../scenarios/index.ts';
import { collectEvidence, type Evidence, type EvidenceMap } from './evidence.ts';
import { MQTT_3_1_1 } from './mqtt-3.1.1.ts';
import { MQTT_5_0 } from './mqtt-5.0.ts';
import type { Requirement } from './requirement.ts';
import { UNTESTABLE } from './untestable.ts';

/** Compiled, this file lies one folder deeper. */
const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, HERE.includes('dist') ? '../../..' : '../..');

type Status = 'shown' | 'not testable' | 'without a test';

interface Listed {
  readonly requirement: Requirement;
  readonly evidence: readonly Evidence[];
  readonly status: Status;
}

/** What a broker does with other clients shows nothing of ours: what binds clients alone needs a test of our client. */
function list(requirement: Requirement, evidenceMap: EvidenceMap): Listed {
  const evidence = evidenceMap.get(`${requirement.version} ${requirement.id}`) ?? [];
  const counts = requirement.side === 'client' ? ['client', 'test'] : ['client', 'scenario', 'test'];
  const isShown = evidence.some(({ kind }) => counts.includes(kind));
  const isUntestable = UNTESTABLE[requirement.version][requirement.id] !== undefined;
  const without = isUntestable ? 'not testable' : 'without a test';
  return { requirement, evidence, status: isShown ? 'shown' : without };
}

function textOf({ requirement: { id, side, text, version }, evidence, status }: Listed): string {
  const lines = [`${id}  ${side}${status === 'shown' ? '' : `  ${status}`}`, `    ${text}`];
  const reason = UNTESTABLE[version][id];
  if (reason !== undefined) lines.push(`    not testable: ${reason}`);
  for (const { kind, where } of evidence) lines.push(`    ${kind.padEnd(8)}  ${where}`);
  return lines.join('\n');
}

function main(): number {
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({ options: { missing: flag, json: flag } });
  const evidenceMap = collectEvidence(ROOT, SCENARIOS);
  const all = [...MQTT_5_0, ...MQTT_3_1_1].map((requirement) => list(requirement, evidenceMap));
  if (values.json) {
    process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
    return 0;
  }
  for (const requirements of [MQTT_5_0, MQTT_3_1_1]) {
    const [first] = requirements;
    const listed = all.filter(({ requirement }) => requirements.includes(requirement));
    const shown = values.missing ? listed.filter(({ status }) => status !== 'shown') : listed;
    const count = (status: Status): number => listed.filter((each) => each.status === status).length;
    process.stdout.write(`\nMQTT ${VERSION_NAME[first?.version ?? 5]}\n\n${shown.map(textOf).join('\n\n')}\n\n`);
    process.stdout.write(
      `${listed.length} statements: ${count('shown')} shown, ${count('not testable')} not testable, ${count('without a test')} without a test\n`,
    );
  }
  return 0;
}

process.exitCode = main();
