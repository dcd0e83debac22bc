/** What stands before a command's name. */
export interface CallContext {
  /** Options that a profile gives, before those that were typed. */
  readonly profile: readonly string[];
}
