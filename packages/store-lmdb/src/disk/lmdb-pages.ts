import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';

const IS_LITTLE = endianness() === 'LE';
/** The two pages at the front. Each says where the trees begin, and the one of the later transaction counts. */
const META_PAGES = 2;
const META = { byteLength: 160, magic: 24, version: 28, free: 48, main: 96, lastPage: 144, transaction: 152 } as const;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const TREE = { byteLength: 48, pageSize: 0, depth: 6, root: 40 } as const;
const PAGE = { number: 0, flags: 18, lower: 20, upper: 22, pages: 20, body: 24 } as const;
const NODE = { length: 0, flags: 4, keyLength: 6, body: 8 } as const;
const PAGE_FLAGS = { branch: 0x01, leaf: 0x02, overflow: 0x04, fixed: 0x20 } as const;
const NODE_FLAGS = { big: 0x01, tree: 0x02, duplicates: 0x04 } as const;
const NO_PAGE = 2 ** 64;
/** A file that is read in a blink is read to its end. */
const SMALL_FILE = 64 * 1024 * 1024;

/**
 * Walks through the pages of a file of LMDB before LMDB is given it. LMDB reads its file as memory and believes what it finds,
 * so that a file that was cut off, or written over, ends the process without a word.
 *
 * @param isSkipped Tables whose leaves are not read, for they are many; that they are there is seen. They are read all the
 * same in a small file, and in one that is shorter than it says, which may be in order, for its last pages may be unused.
 * @returns What is wrong; undefined when nothing is, and for files of versions that are not known here.
 */
export function findPageFault(file: string, isSkipped: (table: string) => boolean): string | undefined {
  const descriptor = openSync(file, 'r');
  try {
    new PageWalk(descriptor, isSkipped).walk();
    return undefined;
  } catch (error) {
    if (error instanceof PageFault) return error.message;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

class PageFault extends Error {}

class PageWalk {
  readonly #descriptor: number;
  readonly #isSkipped: (table: string) => boolean;
  readonly #byteLength: number;
  #pageSize = 0;
  #lastPage = 0;
  #isReadWhole = false;
  /** Pages that may still come: in a circle they would never end. */
  #left = 0;

  constructor(descriptor: number, isSkipped: (table: string) => boolean) {
    this.#descriptor = descriptor;
    this.#isSkipped = isSkipped;
    this.#byteLength = fstatSync(descriptor).size;
  }

  walk(): void {
    const first = this.#read(0, META.byteLength);
    if (first.getUint32(META.magic, IS_LITTLE) !== MAGIC || first.getUint32(META.version, IS_LITTLE) !== VERSION)
      return;
    this.#pageSize = first.getUint32(META.free + TREE.pageSize, IS_LITTLE);
    if (this.#pageSize < 256 || this.#pageSize > 65_536) throw new PageFault('its first page is damaged');
    const second = this.#read(this.#pageSize, META.byteLength);
    const [newest, number] =
      longAt(first, META.transaction) >= longAt(second, META.transaction) ? [first, 0] : [second, 1];
    if (newest.getUint32(META.magic, IS_LITTLE) !== MAGIC) throw new PageFault(`page ${number} is damaged`);
    this.#lastPage = longAt(newest, META.lastPage);
    this.#left = this.#lastPage;
    const byteLength = (this.#lastPage + 1) * this.#pageSize;
    this.#isReadWhole = this.#byteLength <= Math.max(SMALL_FILE, byteLength - 1);
    for (const tree of [META.free, META.main]) this.#walkTree(newest, tree, false);
  }

  #walkTree(view: DataView, at: number, isSkipped: boolean): void {
    const root = longAt(view, at + TREE.root);
    const depth = view.getUint16(at + TREE.depth, IS_LITTLE);
    if (root < NO_PAGE) this.#walkPage(root, depth, isSkipped);
  }

  #walkPage(number: number, depth: number, isSkipped: boolean): void {
    this.#expectPage(number);
    if (--this.#left < 0 || depth < 1) throw new PageFault(`page ${number} is damaged`);
    if (isSkipped && depth === 1) return;
    const page = this.#read(number * this.#pageSize, this.#pageSize);
    const flags = page.getUint16(PAGE.flags, IS_LITTLE);
    const lower = page.getUint16(PAGE.lower, IS_LITTLE);
    const upper = page.getUint16(PAGE.upper, IS_LITTLE);
    const isRight =
      longAt(page, PAGE.number) === number &&
      (flags & (depth === 1 ? PAGE_FLAGS.leaf : PAGE_FLAGS.branch)) !== 0 &&
      lower <= upper &&
      upper <= this.#pageSize - PAGE.body;
    if (!isRight) throw new PageFault(`page ${number} is damaged`);
    if ((flags & PAGE_FLAGS.fixed) !== 0) return;
    for (let i = 0; i < lower >> 1; i++) {
      const at = PAGE.body + page.getUint16(PAGE.body + 2 * i, IS_LITTLE);
      if (!this.#walkNode(page, at, depth, isSkipped)) throw new PageFault(`page ${number} is damaged`);
    }
  }

  /** @returns Whether it lies within its page. */
  #walkNode(page: DataView, at: number, depth: number, isSkipped: boolean): boolean {
    if (at + NODE.body > this.#pageSize) return false;
    const length = page.getUint32(at + NODE.length, IS_LITTLE);
    const flags = page.getUint16(at + NODE.flags, IS_LITTLE);
    const key = at + NODE.body;
    const value = key + page.getUint16(at + NODE.keyLength, IS_LITTLE);
    if (depth > 1) {
      if (value > this.#pageSize) return false;
      this.#walkPage(length + flags * 2 ** 32, depth - 1, isSkipped);
      return true;
    }
    const isBig = (flags & NODE_FLAGS.big) !== 0;
    if (value + (isBig ? 8 : length) > this.#pageSize) return false;
    if (isBig) this.#expectOverflow(longAt(page, value), length);
    else if ((flags & NODE_FLAGS.tree) !== 0 && (flags & NODE_FLAGS.duplicates) === 0) {
      if (length !== TREE.byteLength) return false;
      const name = Buffer.from(page.buffer, page.byteOffset + key, value - key).toString('latin1');
      this.#walkTree(page, value, !this.#isReadWhole && this.#isSkipped(name.replace(/\0$/, '')));
    }
    return true;
  }

  /** A value that has pages of its own. */
  #expectOverflow(number: number, length: number): void {
    const pages = Math.floor((PAGE.body - 1 + length) / this.#pageSize) + 1;
    this.#expectPage(number);
    this.#expectPage(number + pages - 1);
    this.#left -= pages;
    const head = this.#read(number * this.#pageSize, PAGE.body);
    const isRight =
      longAt(head, PAGE.number) === number &&
      (head.getUint16(PAGE.flags, IS_LITTLE) & PAGE_FLAGS.overflow) !== 0 &&
      head.getUint32(PAGE.pages, IS_LITTLE) >= pages;
    if (!isRight) throw new PageFault(`page ${number} is damaged`);
  }

  #expectPage(number: number): void {
    if (number < META_PAGES || number > this.#lastPage) throw new PageFault(`there is no page ${number}`);
    if ((number + 1) * this.#pageSize > this.#byteLength) {
      throw new PageFault(`it has been cut off after ${this.#byteLength} bytes, before page ${number}`);
    }
  }

  #read(from: number, byteLength: number): DataView {
    const bytes = Buffer.allocUnsafe(byteLength);
    if (readSync(this.#descriptor, bytes, 0, byteLength, from) < byteLength) {
      throw new PageFault(`it has been cut off after ${this.#byteLength} bytes`);
    }
    return new DataView(bytes.buffer, bytes.byteOffset, byteLength);
  }
}

/** 64 bits, exact as far as any file reaches. */
function longAt(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, IS_LITTLE));
}
