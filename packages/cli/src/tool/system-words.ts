/** What the C library says of the errors that connecting, or reading a file, ends with: mosquitto's tools print it. */
const SYSTEM_WORDS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'Permission denied'],
  ['EADDRNOTAVAIL', 'Cannot assign requested address'],
  ['ECONNABORTED', 'Software caused connection abort'],
  ['ECONNREFUSED', 'Connection refused'],
  ['ECONNRESET', 'Connection reset by peer'],
  ['EHOSTUNREACH', 'No route to host'],
  ['EISDIR', 'Is a directory'],
  ['EINVAL', 'Invalid argument'],
  ['ELOOP', 'Too many levels of symbolic links'],
  ['EMFILE', 'Too many open files'],
  ['ENAMETOOLONG', 'File name too long'],
  ['ENETUNREACH', 'Network is unreachable'],
  ['ENOENT', 'No such file or directory'],
  ['ENOTDIR', 'Not a directory'],
  ['ENOTSOCK', 'Socket operation on non-socket'],
  ['EPIPE', 'Broken pipe'],
  ['ETIMEDOUT', 'Connection timed out'],
]);
const LOOKUP = /^(ENOTFOUND|EAI_|ENODATA|ESERVFAIL|EBADNAME)/;

/** The C library's words for an error of Node's, or Node's own. */
export function systemWords(error: unknown): string {
  const { code, message } = causeOf(error);
  return SYSTEM_WORDS.get(code ?? '') ?? message;
}

/** Connecting failed: in mosquitto's words, and in ours. */
export class DialFailure extends Error {
  readonly theirs: string;

  constructor(theirs: string, ours: string) {
    super(ours);
    this.theirs = theirs;
  }
}

/** Explains an error of a socket. @param where `localhost:1883`. */
export function dialFailure(where: string, error: unknown): DialFailure {
  if (error instanceof DialFailure) return error;
  const { code, message } = causeOf(error);
  if (code !== undefined && LOOKUP.test(code)) {
    return new DialFailure('Unable to connect (Lookup error.).', `cannot connect to ${where}: no such host (${code})`);
  }
  const words = code === undefined ? undefined : SYSTEM_WORDS.get(code);
  if (words !== undefined) {
    return new DialFailure(`Error: ${words}`, `cannot connect to ${where}: ${lowerFirst(words)} (${code})`);
  }
  const told = code === undefined ? message : `${message} (${code})`;
  return new DialFailure('Unable to connect (A TLS error occurred.).', `cannot connect to ${where}: ${told}`);
}

/** Several addresses were tried: the first one's error tells. */
function causeOf(error: unknown): { code: string | undefined; message: string } {
  const first = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  const { code, message = String(first), reason } = first as { code?: unknown; message?: string; reason?: unknown };
  // OpenSSL's own text has line feeds and addresses in it; its reason is what one wants to read.
  const told = typeof reason === 'string' ? `TLS handshake failed, ${reason}` : message.replace(/\s+/g, ' ').trim();
  return { code: typeof code === 'string' ? code : undefined, message: told };
}

/** For the middle of a sentence. */
export function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
