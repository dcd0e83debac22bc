/** Where a web service is asked, and the header that says who asks. */
export interface WebService {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** Takes user name and password out of a URL: fetch asks none that has them, they belong into a header (RFC 7617). */
export function webServiceOf(given: URL): WebService {
  const { username, password } = given;
  if (username === '' && password === '') return { url: given, headers: {} };
  const url = new URL(given);
  url.username = '';
  url.password = '';
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

/** Why no answer came: that fetch has failed says nothing, its cause does. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const { code = cause.name } = cause as NodeJS.ErrnoException;
  return `${error.message}: ${cause.message || code}`;
}
