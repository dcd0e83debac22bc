type Listener<Values extends unknown[]> = (...values: Values) => unknown;

/** What `once` adds stands for the listener that was given. */
interface Once {
  listener?: Listener<never[]>;
}

/**
 * The part of Node's EventEmitter that programs use with MQTT.js, for browsers too.
 *
 * `Events` has the values of each event.
 */
export class Listeners<Events extends { [Name in keyof Events]: unknown[] }> {
  readonly #listeners = new Map<keyof Events, Listener<never[]>[]>();

  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    this.#listeners.set(name, [...this.#of(name), listener as Listener<never[]>]);
    return this;
  }

  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    return this.on(name, this.#once(name, listener));
  }

  prependListener<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    this.#listeners.set(name, [listener as Listener<never[]>, ...this.#of(name)]);
    return this;
  }

  prependOnceListener<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    return this.prependListener(name, this.#once(name, listener));
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): this {
    const others = [...this.#of(name)];
    const at = others.findLastIndex((each) => each === listener || (each as Once).listener === listener);
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
    return this.#of(name).length;
  }

  listeners<Name extends keyof Events>(name: Name): Listener<Events[Name]>[] {
    return this.#of(name).map((each) => ((each as Once).listener ?? each) as unknown as Listener<Events[Name]>);
  }

  eventNames(): (keyof Events)[] {
    return [...this.#listeners.keys()].filter((name) => this.listenerCount(name) > 0);
  }

  /** There is no maximum: programs that raise Node's may go on doing so. */
  setMaxListeners(_maximum: number): this {
    return this;
  }

  /** @returns Whether anybody listens. */
  emit<Name extends keyof Events>(name: Name, ...values: Events[Name]): boolean {
    const listeners = this.#of(name);
    for (const listener of listeners) (listener as unknown as Listener<Events[Name]>)(...values);
    return listeners.length > 0;
  }

  #of(name: keyof Events): readonly Listener<never[]>[] {
    return this.#listeners.get(name) ?? [];
  }

  #once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): Listener<Events[Name]> {
    const once: Listener<Events[Name]> & Once = (...values) => {
      this.off(name, once);
      listener(...values);
    };
    once.listener = listener as Listener<never[]>;
    return once;
  }
}
