import { childAt, type LevelChildren, type LevelNode } from './level-children.ts';
import { WideMap } from './wide-map.ts';

/** A node of a `TopicTree` as its matches see it. */
export interface TopicNode<Value> extends LevelNode {
  /** The whole Topic Name when it has a value. */
  readonly topicName: string | undefined;
  readonly value: Value | undefined;
  /** The generation of the tree in which it got its Topic Name. */
  readonly generation: number;
  readonly children: LevelChildren<TopicNode<Value>>;
}

/** The children of one node that are still to be looked at. */
interface Branch<Value> {
  readonly children: Iterator<TopicNode<Value>>;
  /** The level of the filter with which a child goes on. */
  readonly depth: number;
}

/** One step of a search, in the shape of the iterator protocol. */
export type TopicMatch<Value> = IteratorResult<[topicName: string, value: Value], undefined>;

/**
 * The entries of a `TopicTree` that match one Topic Filter, found step by step (sections 3.3.1.3 and 4.7).
 *
 * It rests between two steps for as long as its owner likes, which is how a `#` over a million retained topics is paced; see
 * `TopicTree.matching` for what happens to entries that change meanwhile. That holds because a node leaves the tree only when
 * it is empty, and whatever takes its place is of a later generation. The way back up is kept on the heap:
 *
 *     filter +/temp/#      branches: [children of the root] [children of x/temp] [children of x/temp/1]
 *
 * @example
 * const matches = tree.matching('plant/#');
 * const match = matches.nextWithin(1000); // undefined: looked at 1000 nodes, found nothing yet, call again later
 */
export class TopicMatches<Value> implements IterableIterator<[topicName: string, value: Value], undefined> {
  readonly #levels: readonly string[];
  readonly #horizon: number;
  readonly #hidesDollar: boolean;
  readonly #branches: Branch<Value>[] = [];
  #found: TopicNode<Value> | undefined;

  /**
   * @param levels Of the Topic Filter.
   * @param horizon The latest generation that counts.
   * @param hidesDollar Whether a leading wildcard passes over Topic Names that start with `$`.
   */
  constructor(root: TopicNode<Value>, levels: readonly string[], horizon: number, hidesDollar: boolean) {
    this.#levels = levels;
    this.#horizon = horizon;
    this.#hidesDollar = hidesDollar && (levels[0] === '+' || levels[0] === '#');
    this.#found = this.#descend(root, 0);
  }

  /** The next entry, however many nodes have to be looked at to find it. */
  next(): TopicMatch<Value> {
    return this.nextWithin(Number.POSITIVE_INFINITY) ?? { done: true, value: undefined };
  }

  /**
   * The next entry, or `undefined` when looking at `maxNodes` nodes has not found it: call again later. So a filter that
   * matches little in a large tree (`+/+/alarm`) keeps nobody waiting.
   *
   * @param maxNodes At least 1.
   */
  nextWithin(maxNodes: number): TopicMatch<Value> | undefined {
    for (let looked = 0; looked < maxNodes; looked++) {
      const found = this.#found ?? this.#look();
      this.#found = undefined;
      if (found === undefined) {
        if (this.#branches.length === 0) return { done: true, value: undefined };
      } else if (found.topicName !== undefined && found.value !== undefined && found.generation <= this.#horizon) {
        return { done: false, value: [found.topicName, found.value] };
      }
    }
    return undefined;
  }

  /** Ends the search early and lets go of the tree. */
  return(): TopicMatch<Value> {
    this.#found = undefined;
    this.#branches.length = 0;
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Looks at one more node; gives the one behind it whose Topic Name matches, if any. */
  #look(): TopicNode<Value> | undefined {
    const branch = this.#branches.at(-1);
    if (branch === undefined) return undefined;
    const { done, value: child } = branch.children.next();
    if (done === true) {
      this.#branches.pop();
      return undefined;
    }
    if (this.#hidesDollar && this.#branches.length === 1 && child.level.startsWith('$')) return undefined; // [MQTT-4.7.2-1] [MQTT311-4.7.2-1]
    return this.#descend(child, branch.depth);
  }

  /** Goes down from a node that matches the filter before `depth`, to the end of the filter or its next wildcard. */
  #descend(from: TopicNode<Value>, depth: number): TopicNode<Value> | undefined {
    let node: TopicNode<Value> | undefined = from;
    for (let i = depth; i < this.#levels.length; i++) {
      const level = this.#levels[i];
      if (level === '#') {
        this.#branchOff(node, i);
        return node; // `sport/#` matches `sport`, section 4.7.1.2
      }
      if (level === '+' || level === undefined) {
        this.#branchOff(node, i + 1);
        return undefined;
      }
      node = childAt(node.children, level); // [MQTT-4.7.3-4] [MQTT311-4.7.3-4]
      if (node === undefined) return undefined;
    }
    return node;
  }

  #branchOff(node: TopicNode<Value>, depth: number): void {
    const { children } = node;
    if (children === undefined) return;
    this.#branches.push({ children: children instanceof WideMap ? children.values() : [children].values(), depth });
  }
}
