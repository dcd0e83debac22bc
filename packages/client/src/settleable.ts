/** A promise with the means to settle it. */
export interface Settleable<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (reason: unknown) => void;
}

/** Makes a promise that others settle: `Promise.withResolvers`, which Node has since version 22. */
export function settleable<Value = void>(): Settleable<Value> {
  let resolve: Settleable<Value>['resolve'] = () => {};
  let reject: Settleable<Value>['reject'] = () => {};
  const promise = new Promise<Value>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

/** Calls a listener when the signal is aborted, which it is not yet. @returns Stops that. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  signal?.addEventListener('abort', listener, { once: true });
  return () => signal?.removeEventListener('abort', listener);
}
