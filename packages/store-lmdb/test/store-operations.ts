import fc from 'fast-check';

/** Whose sessions there are; that of the last one ends with its connection. */
export const CLIENTS = ['a', 'b', 'c', 'plain'];

/** Something that a broker does with its store, or that becomes of the disk. */
export type Operation =
  | {
      readonly kind: 'publish';
      readonly to: readonly number[];
      readonly qos: 0 | 1 | 2;
      readonly size: number;
      readonly style: number;
    }
  | { readonly kind: 'take'; readonly client: number; readonly how: 'peek' | 'drop' | 'send'; readonly count: number }
  | { readonly kind: 'answer'; readonly client: number; readonly index: number }
  | { readonly kind: 'inbound'; readonly client: number; readonly packetId: number }
  | { readonly kind: 'subscribe'; readonly client: number; readonly filter: number; readonly identifier: number }
  | { readonly kind: 'connect'; readonly client: number; readonly will: boolean }
  | { readonly kind: 'disconnect'; readonly client: number }
  | { readonly kind: 'clear'; readonly client: number }
  | { readonly kind: 'remove'; readonly client: number }
  | { readonly kind: 'retain'; readonly topic: number; readonly isEmpty: boolean }
  | { readonly kind: 'turn' }
  | { readonly kind: 'written'; readonly times: number }
  | { readonly kind: 'failed'; readonly isApplied: boolean }
  | { readonly kind: 'crash'; readonly isApplied: boolean };

const client = fc.nat(CLIENTS.length - 1);
const turn = fc.constant<Operation>({ kind: 'turn' });
const written = fc.record({ kind: fc.constant('written' as const), times: fc.integer({ min: 1, max: 3 }) });
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      to: fc.array(client, { minLength: 1, maxLength: 6 }),
      qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
      size: fc.constantFrom(1, 20, 3_000, 40_000),
      style: fc.nat(7),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('take' as const),
      client,
      how: fc.constantFrom('peek' as const, 'drop' as const, 'send' as const),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('answer' as const), client, index: fc.nat(5) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('inbound' as const), client, packetId: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('subscribe' as const), client, filter: fc.nat(3), identifier: fc.nat(4) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('connect' as const), client, will: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('disconnect' as const), client }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const), client }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), client }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('retain' as const), topic: fc.nat(3), isEmpty: fc.boolean() }),
  },
  { weight: 6, arbitrary: turn },
  { weight: 6, arbitrary: written },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('failed' as const), isApplied: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), isApplied: fc.boolean() }) },
);
