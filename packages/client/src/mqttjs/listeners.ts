type Listener<Values extends unknown[]> = (...values: Values) => unknown;

/**
 * The part of Node's EventEmitter that programs use with MQTT.js, for browsers too.
 *
 * `Events` has the values of each event.
 */
export class Listeners<Events extends { [Name in keyof Events]: unknown[] }> {
  readonly #listeners = new Map<keyof Events, Listener<never[]>[]>();

  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener as Listener<never[]>]);
    return this;
  }

  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    const once: Listener<Events[Name]> = (...values) => {
      this.off(name, once);
      listener(...values);
    };
    return this.on(name, once);
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    const others = [...(this.#listeners.get(name) ?? [])];
    const at = others.lastIndexOf(listener as Listener<never[]>);
    if (at >= 0) others.splice(at, 1);
    this.#listeners.set(name, others);
    return this;
  }

  addListener<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    return this.on(name, listener);
  }

  removeListener<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    return this.off(name, listener);
  }

  removeAllListeners(name?: keyof Events): this {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.delete(name);
    return this;
  }

  listenerCount(name: keyof Events): number {
    return this.#listeners.get(name)?.length ?? 0;
  }

  /** @returns Whether anybody listens. */
  emit<Name extends keyof Events>(name: Name, ...values: Events[Name]): boolean {
    const listeners = this.#listeners.get(name) ?? [];
    for (const listener of listeners) (listener as unknown as Listener<Events[Name]>)(...values);
    return listeners.length > 0;
  }
}
