import { getSystemErrorMap } from 'node:util';
import { codedError, TransportError } from './byte-transport.ts';
import { wordsOfTlsError } from './tls-words.ts';

/**
 * Turns what Node reports into a {@link TransportError} that says what was tried and what came, in words and as a code:
 * `cannot connect to localhost:1883: connection refused (ECONNREFUSED)`. A {@link TransportError} passes unchanged.
 *
 * Of several failed attempts (one per address of a name) the last is told; all of them stay readable in `cause`.
 */
export function transportError(attempt: string, cause: unknown): TransportError {
  if (cause instanceof TransportError) return cause;
  const told = cause instanceof AggregateError ? (cause.errors.at(-1) ?? cause) : cause;
  const { code = 'UNKNOWN', errno, message } = told as NodeJS.ErrnoException;
  const words = errno === undefined ? wordsOfTlsError(told) : getSystemErrorMap().get(errno)?.[1];
  return codedError(code, `${attempt}: ${words ?? message}`, { cause });
}
