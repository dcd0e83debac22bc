import type { Route } from './route.ts';
import { Sightings } from './sightings.ts';

/** Bytes that a route may weigh on the average: long Topic Names and many receivers let fewer of them be remembered. */
const MEAN_WEIGHT = 2048;

/** Topic Names that have been used once: 256 KiB, where more of them are used than can be remembered. */
const SIGHTINGS = 65_536;

/**
 * Routes by the bytes of their Topic Names, found without making a string. Bounded by number and by weight: when a generation
 * is full it becomes the old one, and what is used again moves over; what is not used for two generations is forgotten.
 *
 * From then on a route comes in when its topic is used for the second time. A flood of topics that are used once, a million
 * retained messages say, would else push out all others, and leave to the collector of garbage what has grown old for nothing.
 */
export class RouteCache {
  readonly #generationSize: number;
  readonly #generationWeight: number;
  #young = new Map<number, Route>();
  #old = new Map<number, Route>();
  #youngSize = 0;
  #youngWeight = 0;
  #sightings: Sightings | undefined = undefined;

  /** @param maximumRoutes Routes that are kept at the most. */
  constructor(maximumRoutes: number) {
    this.#generationSize = Math.max(1, maximumRoutes >> 1);
    this.#generationWeight = this.#generationSize * MEAN_WEIGHT;
  }

  find(hash: number, bytes: Uint8Array, start: number, end: number): Route | undefined {
    for (let route = this.#young.get(hash); route !== undefined; route = route.next) {
      if (route.isOf(bytes, start, end)) return route;
    }
    for (let route = this.#old.get(hash); route !== undefined; route = route.next) {
      if (!route.isOf(bytes, start, end)) continue;
      this.#forgetOld(route);
      this.#put(route);
      return route;
    }
    return undefined;
  }

  /** Remembers a route that was not found, if there is reason to. */
  add(route: Route): void {
    if (this.#sightings === undefined || this.#sightings.isAnother(route.hash)) this.#put(route);
  }

  #put(route: Route): void {
    if (this.#youngSize >= this.#generationSize || this.#youngWeight >= this.#generationWeight) this.#age();
    route.isRemembered = true;
    route.next = this.#young.get(route.hash);
    this.#young.set(route.hash, route);
    this.#youngSize++;
    this.#youngWeight += route.weight;
  }

  /** What the route that was found or added last weighs has changed by so much. */
  handleWeight(route: Route, change: number): void {
    if (route.isRemembered) this.#youngWeight += change;
  }

  *[Symbol.iterator](): Generator<Route, void> {
    for (const generation of [this.#young, this.#old]) {
      for (const first of generation.values()) {
        for (let route: Route | undefined = first; route !== undefined; route = route.next) yield route;
      }
    }
  }

  #age(): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngSize = 0;
    this.#youngWeight = 0;
    this.#sightings ??= new Sightings(SIGHTINGS);
  }

  #forgetOld(route: Route): void {
    const first = this.#old.get(route.hash);
    if (first === route) {
      if (route.next === undefined) this.#old.delete(route.hash);
      else this.#old.set(route.hash, route.next);
      return;
    }
    for (let before = first; before !== undefined; before = before.next) {
      if (before.next === route) before.next = route.next;
    }
  }
}

/** FNV-1a over a range of bytes, as a number that V8 keeps without a heap object. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash & 0x3fff_ffff;
}
