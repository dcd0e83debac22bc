import fc from 'fast-check';

/** Few levels, so that filters and names meet often; empty ones and `$` included. */
const plainLevel = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('', 'a', 'b') },
  { weight: 1, arbitrary: fc.constantFrom('$', '$SYS', 'a$', 'ab') },
);

/** Valid Topic Names. */
export const topicName = fc
  .array(plainLevel, { minLength: 1, maxLength: 4 })
  .map((levels) => levels.join('/'))
  .filter((name) => name !== '');

/** Valid Topic Filters over the same levels with `+` anywhere and `#` at the end. */
export const topicFilter = fc
  .tuple(
    fc.array(fc.oneof({ weight: 3, arbitrary: plainLevel }, { weight: 2, arbitrary: fc.constant('+') }), {
      maxLength: 4,
    }),
    fc.boolean(),
  )
  .map(([levels, multi]) => (multi ? [...levels, '#'] : levels).join('/'))
  .filter((filter) => filter !== '');

/** Long sequences of operations on a few texts, so that what is set is often replaced and deleted again. */
export function operationsOn(
  text: fc.Arbitrary<string>,
): fc.Arbitrary<{ readonly kind: 'set' | 'delete'; readonly text: string; readonly extra: number }[]> {
  return fc.array(text, { minLength: 1, maxLength: 12, size: 'max' }).chain((pool) =>
    fc.array(
      fc.record({
        kind: fc.constantFrom('set' as const, 'delete' as const),
        text: fc.constantFrom(...pool),
        extra: fc.nat(2),
      }),
      { maxLength: 60, size: 'max' },
    ),
  );
}
