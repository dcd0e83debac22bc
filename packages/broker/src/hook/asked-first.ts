import type { Authenticator } from '../auth/authenticator.ts';

interface Asking {
  readonly authenticators?: readonly Authenticator[] | undefined;
}

/** Options by which hooks are asked before all other authenticators. */
export function withFirst<T extends Asking>(hooked: readonly Authenticator[], options: T): T {
  return hooked.length === 0 ? options : { ...options, authenticators: [...hooked, ...(options.authenticators ?? [])] };
}

/** The same for listeners that have authenticators of their own; the others have the broker's. */
export function askingFirst<T extends Asking>(hooked: readonly Authenticator[], listeners: readonly T[]): readonly T[] {
  return listeners.map((each) => (each.authenticators === undefined ? each : withFirst(hooked, each)));
}
