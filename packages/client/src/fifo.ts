/** A queue in which taking the first costs the same however long it is. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Puts items before all others, in their order. */
  unshift(items: readonly Item[]): void {
    this.#items = [...items, ...this.clear()];
  }

  peek(): Item | undefined {
    return this.at(0);
  }

  /** The item at a place, 0 for the first. */
  at(index: number): Item | undefined {
    return this.#items[this.#first + index];
  }

  shift(): Item | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    if (this.#first === this.#items.length) this.clear();
    else if (this.#first > 1024 && this.#first * 2 > this.#items.length) {
      this.#items.splice(0, this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** Takes out the first item for which the test holds. */
  take(test: (item: Item) => boolean): Item | undefined {
    for (let at = this.#first; at < this.#items.length; at++) {
      const item = this.#items[at] as Item;
      if (!test(item)) continue;
      this.#items.splice(at, 1);
      return item;
    }
    return undefined;
  }

  /** Empties it and answers what was in it, in order. */
  clear(): Item[] {
    const items = this.#items.slice(this.#first) as Item[];
    this.#items = [];
    this.#first = 0;
    return items;
  }
}
