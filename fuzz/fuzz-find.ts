/** Something that must not happen, with all that is needed to make it happen again. */
export class FuzzFind extends Error {
  override readonly name = 'FuzzFind';
}
