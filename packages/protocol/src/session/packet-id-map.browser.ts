/**
 * Values by Packet Identifier (section 2.2.1) where pages are built: what `packet-id-map.ts` is for programs that carry
 * millions of messages, a `Map` is for a page, and every browser brings it. Bundlers take this file instead of the other, as
 * `browser` in package.json tells them.
 */
export class PacketIdMap<Value> extends Map<number, Value> {
  packetIds(): IterableIterator<number> {
    return this.keys();
  }
}
