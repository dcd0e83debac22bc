import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Scenario, titleOf } from '../run/scenario.ts';
import { idsOfOasis } from './oasis-numbers.ts';

/** Where a statement is shown or obeyed. */
export interface Evidence {
  /** `scenario` is one about the broker, `client` one about our client. */
  readonly kind: 'scenario' | 'client' | 'test' | 'code';
  /** Name of the scenario, file and title of the test, or file of the code. */
  readonly where: string;
}

/** Evidence by version (5 or 4) and statement: `5 MQTT-3.1.2-22`. */
export type EvidenceMap = Map<string, Evidence[]>;

/** Titles of tests and groups of tests; titles that go over lines, too. */
const TITLE = /\b(?:test|it|describe)(?:\.\w+)*(?:\([^()]*\))?\(\s*(['"`])(.*?)(?<!\\)\1/gs;
const ID = /MQTT(311)?-(\d[\d.]*-\d+)/g;

/** What shows each statement: scenarios by their ids, unit tests by ids in their titles, code by its tags. */
export function collectEvidence(root: string, scenarios: readonly Scenario[]): EvidenceMap {
  const evidence: EvidenceMap = new Map();
  for (const scenario of scenarios) {
    const kind = scenario.side === 'client' ? 'client' : 'scenario';
    for (const id of scenario.shows) add(evidence, `${scenario.version} ${id}`, { kind, where: titleOf(scenario) });
  }
  for (const file of filesUnder(root, 'packages').filter((each) => each.endsWith('.ts'))) {
    const text = readFileSync(path.join(root, file), 'utf8');
    if (file.endsWith('.test.ts')) collectTests(evidence, file, text);
    else if (file.includes('/src/') && !file.startsWith('packages/testkit/')) collectTags(evidence, file, text);
  }
  return evidence;
}

function collectTests(evidence: EvidenceMap, file: string, text: string): void {
  for (const [, , title = ''] of text.matchAll(TITLE)) {
    for (const key of keysIn(title))
      add(evidence, key, { kind: 'test', where: `${file}: ${title.replaceAll(/\s+/g, ' ')}` });
  }
}

function collectTags(evidence: EvidenceMap, file: string, text: string): void {
  for (const key of new Set(keysIn(text))) add(evidence, key, { kind: 'code', where: file });
}

/** Statements that a text names: `MQTT-x` is 5.0, `MQTT311-x` 3.1.1 as OASIS numbers it. */
function keysIn(text: string): string[] {
  return [...text.matchAll(ID)].flatMap(([, is311, number = '']) =>
    is311 === undefined ? [`5 MQTT-${number}`] : idsOfOasis(number).map((id) => `4 ${id}`),
  );
}

function add(evidence: EvidenceMap, key: string, one: Evidence): void {
  evidence.set(key, [...(evidence.get(key) ?? []), one]);
}

function filesUnder(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.name === 'node_modules' || entry.name === 'dist') return [];
    return entry.isDirectory() ? filesUnder(root, name) : [name];
  });
}
