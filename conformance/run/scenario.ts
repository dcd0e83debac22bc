import type { Version } from '../wire/packet-writer.ts';
import { ClientScene } from './client-scene.ts';
import type { Scene } from './scene.ts';

/**
 * How the broker under test is to be set up. Of a broker that is not ours there is one set-up, and a scenario that needs
 * another finds out itself whether it can be tested.
 *
 * - `ordinary`: the defaults.
 * - `limited`: a 5.0 client is told of small limits, the user name `refused` is refused, payloads are checked to be what they
 *   say they are.
 * - `reduced`: no QoS 2, no retained messages, no wildcards, no Shared Subscriptions, no Subscription Identifiers.
 * - `redirecting`: clients are sent to another server.
 * - `guarded`: nobody may publish to topics whose third level is `denied`; whoever does is acknowledged.
 * - `strict`: the same, and whoever does is cut off.
 */
export type SetUp = 'ordinary' | 'limited' | 'reduced' | 'redirecting' | 'guarded' | 'strict';

/** What a scenario is, before it is known for which version it runs. */
export interface ScenarioBody {
  /** What the broker does, as a sentence without its full stop. */
  readonly name: string;
  /** Ids of the statements that it shows, as in `requirements/` for its version. */
  readonly shows: readonly string[];
  readonly setUp: SetUp;
  /** What is under test: a broker, which may be any, or our client. */
  readonly side: 'server' | 'client';
  /** It waits for seconds of real time: a broker's keep alive, expiry or delay. Such scenarios begin first. */
  readonly waits: boolean;
  /** @throws {Violation | NotTestable} */
  readonly run: (scene: Scene) => Promise<void>;
}

/** One thing that a broker must do, shown from outside. */
export interface Scenario extends ScenarioBody {
  readonly version: Version;
  /** Chapter of the standard. */
  readonly chapter: string;
}

type Options = Partial<Pick<ScenarioBody, 'setUp' | 'side' | 'waits'>>;

/**
 * Defines a scenario.
 *
 * @param shows Statement ids without their `MQTT-`, separated by spaces.
 * @example scenario('a second CONNECT ends the connection', '3.1.0-2', async (t) => { ... })
 */
export function scenario(name: string, shows: string, run: ScenarioBody['run'], options: Options = {}): ScenarioBody {
  const ids = shows.split(' ').flatMap((number) => (number === '' ? [] : [`MQTT-${number}`]));
  const { setUp = 'ordinary', side = 'server', waits = false } = options;
  return { name, shows: ids, run, setUp, side, waits };
}

/** Gives scenarios their version and chapter. */
export function chapter(version: Version, title: string, bodies: readonly ScenarioBody[]): Scenario[] {
  return bodies.map((body) => ({ ...body, version, chapter: title }));
}

/** How a scenario is named in reports and tests: the ids, then the sentence. */
export function titleOf({ shows, name, version, chapter: title }: Scenario): string {
  return shows.length === 0 ? `MQTT ${VERSION_NAME[version]} ${title}: ${name}` : `${shows.join(' ')} ${name}`;
}

/** Versions as people call them. */
export const VERSION_NAME: Readonly<Record<Version, string>> = { 3: '3.1', 4: '3.1.1', 5: '5.0' };

/** A scenario that is the same in several versions, and what it shows in each; 3.1 has no numbered statements. */
export interface SharedBody {
  readonly versions: readonly Version[];
  readonly bodyFor: (version: Version) => ScenarioBody;
}

/** What a scenario shows in 5.0 and in 3.1.1, as for {@link scenario}. */
export interface Shows {
  readonly v5: string;
  readonly v4: string;
}

/**
 * Defines a scenario for several versions.
 *
 * @example shared('PINGREQ is answered', { v5: '3.12.4-1', v4: '3.12.4-1' }, (t) => ...)
 */
export function shared(
  name: string,
  shows: Shows,
  run: ScenarioBody['run'],
  { versions = [5, 4, 3], ...options }: Options & { readonly versions?: readonly Version[] } = {},
): SharedBody {
  const ids: Readonly<Record<Version, string>> = { 5: shows.v5, 4: shows.v4, 3: '' };
  return { versions, bodyFor: (version) => scenario(name, ids[version], run, options) };
}

/** Defines a scenario about our client, for several versions; the broker under test has no part in it. */
export function ofClient(
  name: string,
  shows: Shows,
  run: (scene: ClientScene) => Promise<void>,
  options: { readonly versions?: readonly Version[]; readonly waits?: boolean } = {},
): SharedBody {
  const onStage = ({ version }: Scene) => ClientScene.run(version, run);
  return shared(name, shows, onStage, { versions: [5, 4], side: 'client', ...options });
}

/** Gives shared scenarios their chapter, once for each of their versions. */
export function sharedChapter(title: string, bodies: readonly SharedBody[]): Scenario[] {
  return bodies.flatMap(({ versions, bodyFor }) =>
    versions.flatMap((version) => chapter(version, title, [bodyFor(version)])),
  );
}
