import type { Route } from './route.ts';

/** Bytes that a route may weigh on the average: long Topic Names and many receivers let fewer of them be remembered. */
const MEAN_WEIGHT = 2048;

/**
 * Routes by the bytes of their Topic Names, found without making a string. Bounded by number and by weight: when a generation
 * is full it becomes the old one, and what is used again moves over; what is not used for two generations is forgotten.
 */
export class RouteCache {
  readonly #generationSize: number;
  readonly #generationWeight: number;
  #young = new Map<number, Route>();
  #old = new Map<number, Route>();
  #youngSize = 0;
  #youngWeight = 0;

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
      this.add(route);
      return route;
    }
    return undefined;
  }

  add(route: Route): void {
    if (this.#youngSize >= this.#generationSize || this.#youngWeight >= this.#generationWeight) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngSize = 0;
      this.#youngWeight = 0;
    }
    route.next = this.#young.get(route.hash);
    this.#young.set(route.hash, route);
    this.#youngSize++;
    this.#youngWeight += route.weight;
  }

  /** What a route that was found or added last weighs has changed by so much. */
  handleWeight(change: number): void {
    this.#youngWeight += change;
  }

  *[Symbol.iterator](): Generator<Route, void> {
    for (const generation of [this.#young, this.#old]) {
      for (const first of generation.values()) {
        for (let route: Route | undefined = first; route !== undefined; route = route.next) yield route;
      }
    }
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
