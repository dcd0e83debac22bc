/** A promise with the means to settle it. */
export interface Settleable<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (reason: unknown) => void;
}

/** Makes a promise that others settle: `Promise.withResolvers`, which Node has since version 22. */
export function settleable<Value = void>(): Settleable<Value> {
  let resolve!: Settleable<Value>['resolve'];
  let reject!: Settleable<Value>['reject'];
  const promise = new Promise<Value>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

const listenersOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls a listener when the signal is aborted, which it is not yet. @returns Stops that.
 *
 * A signal gets one listener for all: Node takes eleven of a program that gives every call the same signal for a leak.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  const listeners = signal && (listenersOf.get(signal) ?? listenTo(signal));
  listeners?.add(listener);
  return () => listeners?.delete(listener);
}

function listenTo(signal: AbortSignal): Set<() => void> {
  const listeners = new Set<() => void>();
  listenersOf.set(signal, listeners);
  signal.addEventListener('abort', () => {
    for (const each of listeners) each();
  });
  return listeners;
}
