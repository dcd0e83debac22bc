import { childAt, type LevelChildren, ownedLevel, withChild, withoutChild } from './level-children.ts';
import { TopicMatches, type TopicNode } from './topic-matches.ts';

class Node<Value> implements TopicNode<Value> {
  readonly level: string;
  topicName: string | undefined = undefined;
  value: Value | undefined = undefined;
  generation = 0;
  children: LevelChildren<Node<Value>> = undefined;

  constructor(level: string) {
    this.level = level;
  }
}

/**
 * Values by Topic Name, found by Topic Filter: the index of the retained messages (sections 3.3.1.3 and 4.7).
 *
 *     a/b, a/b/c        root - a - b (a/b) - c (a/b/c)
 *
 * It owns the nodes and prunes branches that have become empty; what the values are and how long they live is the caller's
 * knowledge. Nothing recurses, so the number of levels costs no stack. Names and filters are taken as valid.
 *
 * @example
 * const tree = new TopicTree<number>();
 * tree.set('plant/line1/temp', 21);
 * for (const [topicName, value] of tree.matching('plant/+/temp')) console.log(topicName, value); // plant/line1/temp 21
 */
export class TopicTree<Value extends NonNullable<unknown>> {
  readonly #root = new Node<Value>('');
  #size = 0;
  #nodeCount = 0;
  #generation = 0;

  /** Number of Topic Names that have a value. */
  get size(): number {
    return this.#size;
  }

  /** Number of nodes, a measure of memory; 0 when the tree is empty. */
  get nodeCount(): number {
    return this.#nodeCount;
  }

  /** The value of a Topic Name. */
  get(topicName: string): Value | undefined {
    let node: Node<Value> | undefined = this.#root;
    for (const level of topicName.split('/')) {
      node = childAt(node.children, level);
      if (node === undefined) return undefined;
    }
    return node.value;
  }

  /** Adds or replaces the value of a Topic Name. Returns the previous one. */
  set(topicName: string, value: Value): Value | undefined {
    let node = this.#root;
    for (const level of topicName.split('/')) {
      node = childAt(node.children, level) ?? this.#addChild(node, ownedLevel(level, topicName));
    }
    const previous = node.value;
    node.value = value;
    if (node.topicName === undefined) {
      node.topicName = topicName;
      node.generation = this.#generation;
      this.#size++;
    }
    return previous;
  }

  /** Removes a Topic Name and the branch that becomes empty with it. Returns its value. */
  delete(topicName: string): Value | undefined {
    let node: Node<Value> | undefined = this.#root;
    const path = [node];
    for (const level of topicName.split('/')) {
      node = childAt(node.children, level);
      if (node === undefined) return undefined;
      path.push(node);
    }
    if (node.topicName === undefined) return undefined;

    const previous = node.value;
    node.topicName = undefined;
    node.value = undefined;
    this.#size--;
    this.#prune(path);
    return previous;
  }

  /**
   * Looks for the entries that match a Topic Filter, as far as they are there now, in no particular order.
   *
   * The answer is found step by step as it is asked for, and may rest for any time while the tree changes: entries deleted
   * meanwhile are left out, replaced ones come with the newer value, added ones (which live routing has delivered) are left
   * out, all others come exactly once.
   */
  matching(filter: string): TopicMatches<Value> {
    return new TopicMatches(this.#root, filter.split('/'), this.#generation++, true);
  }

  /** All entries, those of `$` topics too, with the same guarantees as {@link matching}. */
  [Symbol.iterator](): TopicMatches<Value> {
    return new TopicMatches(this.#root, ['#'], this.#generation++, false);
  }

  #addChild(node: Node<Value>, level: string): Node<Value> {
    const child = new Node<Value>(level);
    this.#nodeCount++;
    node.children = withChild(node.children, child);
    return child;
  }

  #prune(path: readonly Node<Value>[]): void {
    for (let depth = path.length - 1; depth > 0; depth--) {
      const node = path[depth];
      const parent = path[depth - 1];
      if (node === undefined || parent === undefined) return;
      if (node.topicName !== undefined || node.children !== undefined) return;
      this.#nodeCount--;
      parent.children = withoutChild(parent.children, node.level);
    }
  }
}
