import { connacks, connects } from './vectors/connect-vectors.ts';
import { others } from './vectors/disconnect-vectors.ts';
import { acknowledgements, publishes } from './vectors/publish-vectors.ts';
import { subscriptions } from './vectors/subscribe-vectors.ts';
import type { PacketVector } from './vectors/vector.ts';

/**
 * Packets of all fifteen types in the three versions, by hand from the standard. The properties of 5.0 have a table of
 * their own ({@link propertyRows}), and so has what is to be refused ({@link refusedVectors}).
 *
 *     for (const { name, version, bytes, packet } of packetVectors) test(name, () => ...);
 */
export const packetVectors: readonly PacketVector[] = [
  ...connects,
  ...connacks,
  ...publishes,
  ...acknowledgements,
  ...subscriptions,
  ...others,
];
