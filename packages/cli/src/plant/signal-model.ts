import { Random } from './random.ts';
import { createSignal, type Signal, type SignalDescription, type SignalLookup, sourcesOf } from './signal.ts';

/** A scenario that cannot be played: it says what is wrong with it. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

/**
 * All signals of a plant, stepped together, each after those it follows. The same seed and the same steps give the same
 * values; a signal's randomness is its own, so that a new signal does not change the others.
 */
export class SignalModel implements SignalLookup {
  readonly #signals = new Map<string, Signal>();

  /** @throws {ScenarioError} A signal follows one that does not exist, or itself. */
  constructor(descriptions: Readonly<Record<string, SignalDescription>>, seed: number) {
    for (const name of inOrder(descriptions)) {
      const description = descriptions[name];
      if (description === undefined) continue;
      checkStates(name, description);
      this.#signals.set(name, createSignal(description, this, new Random(seed ^ hash(name))));
    }
  }

  /** Lets time pass. Long times are cut into steps of at most a tenth of a second, so that no state is jumped over. */
  advance(seconds: number): void {
    const steps = Math.max(1, Math.ceil(seconds / LONGEST_STEP));
    for (let step = 0; step < steps; step++) {
      for (const signal of this.#signals.values()) signal.advance(seconds / steps);
    }
  }

  /** @throws {ScenarioError} There is no such signal. */
  value(name: string): number | string {
    const signal = this.#signals.get(name);
    if (signal === undefined) throw new ScenarioError(`there is no signal '${name}'`);
    return signal.value;
  }

  /** @throws {ScenarioError} There is no such signal, or its value is a word. */
  number(name: string): number {
    const value = this.value(name);
    if (typeof value === 'number') return value;
    throw new ScenarioError(`signal '${name}' is a state, where a number is expected`);
  }

  word(name: string): string {
    return String(this.value(name));
  }
}

const LONGEST_STEP = 0.1;

/** Every signal after those it follows. */
function inOrder(descriptions: Readonly<Record<string, SignalDescription>>): readonly string[] {
  const ordered = new Set<string>();
  const open = new Set<string>();
  function visit(name: string, follower: string): void {
    if (ordered.has(name)) return;
    const description = descriptions[name];
    if (description === undefined)
      throw new ScenarioError(`signal '${follower}' follows '${name}', which does not exist`);
    if (open.has(name)) throw new ScenarioError(`signal '${name}' follows itself, by way of '${follower}'`);
    open.add(name);
    for (const source of sourcesOf(description)) visit(source, name);
    open.delete(name);
    ordered.add(name);
  }
  for (const name of Object.keys(descriptions)) visit(name, name);
  return [...ordered];
}

function checkStates(name: string, description: SignalDescription): void {
  if (description.kind !== 'machine') return;
  const { initial, states } = description;
  const mentioned = [initial, ...Object.values(states).flatMap(({ next }) => Object.keys(next))];
  const unknown = mentioned.find((state) => !Object.hasOwn(states, state));
  if (unknown !== undefined) throw new ScenarioError(`signal '${name}' has no state '${unknown}'`);
}

/** FNV-1a: a different seed for every name. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value;
}
