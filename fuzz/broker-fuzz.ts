import { BrokerRig, RIG_SETTINGS } from './broker-rig.ts';
import { FuzzFind } from './fuzz-find.ts';
import { SeededRandom } from './random.ts';
import { mutateScript } from './script-mutation.ts';
import { makeScript, type Script } from './session-script.ts';
import { shrink, transcriptOf } from './shrink.ts';

/** What a run has done so far. */
export interface BrokerFigures {
  readonly streams: number;
  readonly connections: number;
  /** Connections whose CONNECT was accepted. */
  readonly connects: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly messagesMatched: number;
  /** Times that the well-behaved clients got their three messages. */
  readonly exchanges: number;
  /** What the broker found fault with, by Reason Code. */
  readonly faults: ReadonlyMap<string, number>;
}

/** Clients that meet at the broker at a time. */
const GROUP_SIZE = 8;

/**
 * Gives real brokers the packets of clients whose courses begin plausible and are then changed - in their bytes, in their
 * order, cut off, spliced, connected again - and holds the brokers to their promises; see {@link BrokerRig}. The same seed
 * makes the same streams. They come in groups that begin with an empty broker and must leave it empty.
 *
 * @example
 * const fuzz = await BrokerFuzz.start(7);
 * await fuzz.run(2000);
 * await fuzz.leave();
 */
export class BrokerFuzz {
  readonly #seed: number;
  readonly #rigs: readonly BrokerRig[];
  #streams = 0;

  private constructor(seed: number, rigs: readonly BrokerRig[]) {
    this.#seed = seed;
    this.#rigs = rigs;
  }

  static async start(seed: number): Promise<BrokerFuzz> {
    return new BrokerFuzz(seed, await Promise.all(RIG_SETTINGS.map((settings) => BrokerRig.start(settings))));
  }

  get figures(): BrokerFigures {
    const stats = this.#rigs.map((rig) => rig.stats());
    const seen = this.#rigs.map((rig) => rig.figures);
    const faults = new Map<string, number>();
    for (const { faults: each } of seen) {
      for (const [what, count] of each) faults.set(what, (faults.get(what) ?? 0) + count);
    }
    return {
      streams: this.#streams,
      connections: sum(seen, ({ connections }) => connections),
      connects: sum(stats, ({ connectsAccepted }) => connectsAccepted),
      packetsReceived: sum(stats, ({ packetsReceived }) => packetsReceived),
      packetsSent: sum(stats, ({ packetsSent }) => packetsSent),
      messagesMatched: sum(stats, ({ messagesMatched }) => messagesMatched),
      exchanges: sum(seen, ({ exchanges }) => exchanges),
      faults,
    };
  }

  /** Tries at least so many more streams. @throws {FuzzFind} A broker broke a promise. */
  async run(streams: number): Promise<void> {
    const until = this.#streams + streams;
    while (this.#streams < until) {
      const group = this.#streams / GROUP_SIZE;
      const scripts = makeGroup(new SeededRandom(Math.imul(this.#seed, 1_000_003) + group));
      const which = group % this.#rigs.length;
      const fault = await faultOf(async () => this.#rigs[which]?.run(scripts));
      if (fault !== undefined) await this.#report(scripts, which, fault);
      this.#streams += GROUP_SIZE;
    }
  }

  /** Ends the well-behaved clients and the brokers. @throws {FuzzFind} Something is left in one of them. */
  async leave(): Promise<void> {
    for (const [which, rig] of this.#rigs.entries()) {
      const fault = await faultOf(() => rig.leave());
      if (fault !== undefined) throw new FuzzFind(`seed ${this.#seed}, broker ${which}, at the end: ${fault}`);
    }
  }

  async #report(scripts: readonly Script[], which: number, fault: string): Promise<never> {
    const place = `seed ${this.#seed}, stream ${this.#streams} and those beside it, broker ${which}`;
    const isFailing = async (some: readonly Script[]) => (await faultAlone(some, which)) !== undefined;
    if (!(await isFailing(scripts))) {
      throw new FuzzFind(`${place}, and not on a new broker: ${fault}\n${transcriptOf(scripts)}`);
    }
    const least = await shrink(scripts, isFailing);
    throw new FuzzFind(`${place}: ${await faultAlone(least, which)}\n${transcriptOf(least)}`);
  }
}

/** Clients that meet: most of them changed, some as they were made. */
export function makeGroup(random: SeededRandom): Script[] {
  const scripts = Array.from({ length: GROUP_SIZE }, () => makeScript(random));
  return scripts.map((script) => (random.oneIn(5) ? script : mutateScript(script, random, random.pick(scripts))));
}

/** What a new broker breaks with these scripts; undefined when it keeps all promises. */
function faultAlone(scripts: readonly Script[], which: number): Promise<string | undefined> {
  return faultOf(async () => {
    const settings = RIG_SETTINGS[which];
    if (settings === undefined) return;
    const rig = await BrokerRig.start(settings);
    await rig.run(scripts);
  });
}

async function faultOf(attempt: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
