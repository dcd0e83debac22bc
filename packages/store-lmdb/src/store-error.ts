/** Why a store cannot be opened, read or written to; for programs to branch on. */
export type StoreErrorCode =
  /** Another process, or another part of this one, has the directory. */
  | 'store-in-use'
  /** There is no store where one is to be read. */
  | 'store-missing'
  /** Another version's format, or not a store of Busbar at all. */
  | 'store-format'
  /** The file has been cut off or written over, a record is not what this version writes, or a restore was cut off. */
  | 'store-damaged'
  /** The operating system or LMDB refuses. */
  | 'store-unreadable'
  /** A dump that cannot be restored here. */
  | 'store-dump';

/** The world's fault, as far as it concerns a data directory: the message names the directory and says what is wrong. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
