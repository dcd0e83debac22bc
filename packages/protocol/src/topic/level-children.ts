import { WideMap } from './wide-map.ts';

/** A node of a tree of topic levels. */
export interface LevelNode {
  /** What stands between two `/`; may be empty. */
  readonly level: string;
}

/**
 * The children of a node by their level: nothing, the only child itself, or a map from the second child on. Most nodes of
 * real topic trees have one child or none, and a map costs more than all the rest of a node.
 */
export type LevelChildren<Node extends LevelNode> = Node | WideMap<Node> | undefined;

/** The child with this level. */
export function childAt<Node extends LevelNode>(children: LevelChildren<Node>, level: string): Node | undefined {
  if (children === undefined) return undefined;
  if (children instanceof WideMap) return children.get(level);
  return children.level === level ? children : undefined;
}

/** The children and one more, whose level none of them has. */
export function withChild<Node extends LevelNode>(children: LevelChildren<Node>, child: Node): LevelChildren<Node> {
  if (children === undefined) return child;
  if (children instanceof WideMap) return children.set(child.level, child);
  return new WideMap<Node>().set(children.level, children).set(child.level, child);
}

/** The children without the one of this level, which must be among them. */
export function withoutChild<Node extends LevelNode>(
  children: LevelChildren<Node>,
  level: string,
): LevelChildren<Node> {
  if (!(children instanceof WideMap)) return undefined;
  children.delete(level);
  if (children.size > 1) return children;
  const [remaining] = children.values();
  return remaining;
}

/** Most characters beside a node's level that may stay in memory because the level was cut out of them. */
const MAX_PINNED_CHARACTERS = 256;

/**
 * A level as a node may keep it. Engines make a slice that keeps the whole text alive; a peer could pin 64 KiB with every
 * node by deleting the long topic and keeping a short one beneath the same parent. Levels of long texts are copied.
 */
export function ownedLevel(level: string, text: string): string {
  return text.length - level.length > MAX_PINNED_CHARACTERS ? level.split('').join('') : level;
}
