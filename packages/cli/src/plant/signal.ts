import type { Random } from './random.ts';

/**
 * How a quantity of the plant behaves in time, as data: what a scenario file may say. `of`, `outflow` and `perSecond` name
 * other signals, which is how one quantity follows another.
 */
export type SignalDescription =
  | { readonly kind: 'constant'; readonly value: number }
  /** Wanders around `mean`, most of the time within twice `spread`, and forgets where it was within `seconds`. */
  | { readonly kind: 'walk'; readonly mean: number; readonly spread: number; readonly seconds: number }
  | { readonly kind: 'sine'; readonly mean: number; readonly amplitude: number; readonly periodSeconds: number }
  /** Goes through `values`, each for `seconds`, and begins again. */
  | { readonly kind: 'step'; readonly values: readonly number[]; readonly seconds: number }
  /** Counts up by `perSecond` from `initial` (default 0), and begins at 0 again at `wrapAt`. */
  | { readonly kind: 'counter'; readonly perSecond: number; readonly initial?: number; readonly wrapAt?: number }
  /** Follows `offset + gain * of` with a lag: after `seconds` it has made 63 % of a step. */
  | {
      readonly kind: 'lag';
      readonly of: string;
      readonly seconds: number;
      readonly gain?: number;
      readonly offset?: number;
    }
  | { readonly kind: 'sum'; readonly of: readonly string[] }
  /** Adds up `gain * perSecond` over time, from `initial`. */
  | { readonly kind: 'integral'; readonly perSecond: string; readonly gain?: number; readonly initial?: number }
  /** Falls by `drain * outflow` a second; at `low` it is filled by `fill` a second until it has reached `high`. */
  | {
      readonly kind: 'vessel';
      readonly outflow: string;
      readonly drain: number;
      readonly fill: number;
      readonly low: number;
      readonly high: number;
      readonly initial: number;
    }
  /** Stays in a state for some seconds (from, to), then goes on to one of the next ones, by weight. Its value is a word. */
  | {
      readonly kind: 'machine';
      readonly initial: string;
      readonly states: Readonly<Record<string, MachineState>>;
    }
  /** A number for each state of a machine. */
  | {
      readonly kind: 'by-state';
      readonly of: string;
      readonly values: Readonly<Record<string, number>>;
      readonly otherwise: number;
    };

export interface MachineState {
  readonly seconds: readonly [from: number, to: number];
  readonly next: Readonly<Record<string, number>>;
}

/** A running signal. */
export interface Signal {
  readonly value: number | string;
  /** Lets time pass, after all signals it follows have done so. */
  advance(seconds: number): void;
}

/** Finds the current value of another signal. */
export interface SignalLookup {
  number(name: string): number;
  word(name: string): string;
}

/** The names of the signals that a signal follows. */
export function sourcesOf(description: SignalDescription): readonly string[] {
  switch (description.kind) {
    case 'lag':
    case 'by-state':
      return [description.of];
    case 'sum':
      return description.of;
    case 'integral':
      return [description.perSecond];
    case 'vessel':
      return [description.outflow];
    default:
      return [];
  }
}

/** Brings a description to life. */
export function createSignal(description: SignalDescription, lookup: SignalLookup, random: Random): Signal {
  switch (description.kind) {
    case 'constant':
      return { value: description.value, advance() {} };
    case 'walk':
      return createWalk(description, random);
    case 'sine':
      return createSine(description);
    case 'step':
      return createStep(description);
    case 'counter':
      return createCounter(description);
    case 'lag':
      return createLag(description, lookup);
    case 'sum':
      return createDerived(() => description.of.reduce((sum, name) => sum + lookup.number(name), 0));
    case 'integral':
      return createIntegral(description, lookup);
    case 'vessel':
      return createVessel(description, lookup);
    case 'machine':
      return createMachine(description, random);
    case 'by-state':
      return createDerived(() => description.values[lookup.word(description.of)] ?? description.otherwise);
  }
}

type Of<Kind extends SignalDescription['kind']> = Extract<SignalDescription, { kind: Kind }>;

/** An Ornstein-Uhlenbeck process, stepped exactly: any step width gives the same spread. */
function createWalk({ mean, spread, seconds }: Of<'walk'>, random: Random): Signal {
  let offset = spread * random.normal();
  return {
    get value() {
      return mean + offset;
    },
    advance(step) {
      const kept = Math.exp(-step / seconds);
      offset = offset * kept + spread * Math.sqrt(1 - kept * kept) * random.normal();
    },
  };
}

function createSine({ mean, amplitude, periodSeconds }: Of<'sine'>): Signal {
  let at = 0;
  return {
    get value() {
      return mean + amplitude * Math.sin((2 * Math.PI * at) / periodSeconds);
    },
    advance(step) {
      at = (at + step) % periodSeconds;
    },
  };
}

function createStep({ values, seconds }: Of<'step'>): Signal {
  let at = 0;
  return {
    get value() {
      return values[Math.floor(at / seconds)] ?? 0;
    },
    advance(step) {
      at = (at + step) % (seconds * values.length);
    },
  };
}

function createCounter({ perSecond, initial = 0, wrapAt = Number.POSITIVE_INFINITY }: Of<'counter'>): Signal {
  let value = initial;
  return {
    get value() {
      return value;
    },
    advance(step) {
      value = (value + perSecond * step) % wrapAt;
    },
  };
}

function createLag({ of, seconds, gain = 1, offset = 0 }: Of<'lag'>, lookup: SignalLookup): Signal {
  const target = () => offset + gain * lookup.number(of);
  let value = target();
  return {
    get value() {
      return value;
    },
    advance(step) {
      value += (target() - value) * (1 - Math.exp(-step / seconds));
    },
  };
}

function createDerived(evaluate: () => number): Signal {
  return {
    get value() {
      return evaluate();
    },
    advance() {},
  };
}

function createIntegral({ perSecond, gain = 1, initial = 0 }: Of<'integral'>, lookup: SignalLookup): Signal {
  let value = initial;
  return {
    get value() {
      return value;
    },
    advance(step) {
      value += gain * lookup.number(perSecond) * step;
    },
  };
}

function createVessel({ outflow, drain, fill, low, high, initial }: Of<'vessel'>, lookup: SignalLookup): Signal {
  let level = initial;
  let isFilling = false;
  return {
    get value() {
      return level;
    },
    advance(step) {
      if (level <= low) isFilling = true;
      if (level >= high) isFilling = false;
      level += ((isFilling ? fill : 0) - drain * lookup.number(outflow)) * step;
      level = Math.max(0, Math.min(high, level));
    },
  };
}

function createMachine({ initial, states }: Of<'machine'>, random: Random): Signal {
  let state = initial;
  let left = dwell();
  function dwell(): number {
    const [from, to] = states[state]?.seconds ?? [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    return random.between(from, to);
  }
  return {
    get value() {
      return state;
    },
    advance(step) {
      left -= step;
      if (left > 1e-9) return;
      state = random.pick(states[state]?.next ?? { [state]: 1 });
      left = dwell();
    },
  };
}
