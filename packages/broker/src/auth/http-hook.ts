import { createHmac, randomBytes } from 'node:crypto';
import { ReasonCode, UsageError } from '@busbar/codec';
import { claimsOf } from '../authorization/identity.ts';
import type { Authenticator, ChainAnswer, Credentials, Grant } from './authenticator.ts';
import { BoundedTable } from './bounded-table.ts';
import { BoundedWork, TooMuchWork } from './bounded-work.ts';
import { reasonOf, type WebService, webServiceOf } from './web-service.ts';

/** A web service that knows the clients. */
export interface HttpHookOptions {
  readonly url: string;
  /** Sent with each request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds it has to answer. Default: 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Seconds that an answer counts for the same client with the same credentials. Default: 0, each login is asked for. */
  readonly cacheSeconds?: number | undefined;
  /** Answers that are remembered at the most. Default: 10,000. */
  readonly cacheSize?: number | undefined;
  /** Requests at a time; others wait. Default: 50. */
  readonly maximumRequests?: number | undefined;
}

interface Cached {
  readonly answer: ChainAnswer;
  readonly until: number;
}

const MAXIMUM_WAITING = 10_000;
const LARGEST_ANSWER = 64 * 1024;

/**
 * Asks a web service about each login: POST with `{ clientIdentifier, userName, password, address, certificate }` in JSON. It
 * answers 200 with `{ "result": "allow" | "deny" | "next" }` and, where it allows, `userName`, `groups`, `claims` and
 * `permissions`. 204 is next, 401 and 403 are deny. Whatever else comes, or nothing in time, lets nobody in (0x88).
 *
 * @throws {UsageError} `invalid-authenticator`: what is given is no http or https URL, or a header that cannot be sent.
 */
export function httpHook(options: HttpHookOptions, now: () => number = () => performance.now()): Authenticator {
  const { url } = options;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') {
    throw new UsageError('invalid-authenticator', `http: expected an http or https URL, '${url}' came`);
  }
  for (const [name, value] of Object.entries(options.headers ?? {})) checkHeader(name, value);
  return new HttpHook(options, now);
}

/** Found now, it is one mistake; found by fetch, it is every login's. The value may be a secret. */
function checkHeader(name: string, value: string): void {
  try {
    new Headers([[name, value]]);
  } catch {
    throw new UsageError(
      'invalid-authenticator',
      `http: the header '${name}' cannot be sent: its name or value is none of HTTP`,
    );
  }
}

class HttpHook implements Authenticator {
  readonly name: string;
  readonly #options: HttpHookOptions;
  readonly #service: WebService;
  readonly #now: () => number;
  readonly #work: BoundedWork;
  readonly #cache: BoundedTable<Cached>;
  /** Passwords are not kept to be compared, only what this key makes of them. */
  readonly #cacheKey = randomBytes(32);

  constructor(options: HttpHookOptions, now: () => number) {
    const { url, maximumRequests = 50, cacheSize = 10_000 } = options;
    this.name = `http ${new URL(url).origin}`;
    this.#service = webServiceOf(new URL(url));
    this.#options = options;
    this.#now = now;
    this.#work = new BoundedWork(maximumRequests, MAXIMUM_WAITING);
    this.#cache = new BoundedTable(cacheSize);
  }

  authenticate(credentials: Credentials): ChainAnswer | Promise<ChainAnswer> {
    const { cacheSeconds = 0 } = this.#options;
    const body = JSON.stringify(questionOf(credentials));
    if (cacheSeconds === 0) return this.#ask(body);
    const key = createHmac('sha256', this.#cacheKey).update(body).digest('base64');
    const known = this.#cache.get(key);
    if (known !== undefined && this.#now() < known.until) return known.answer;
    return this.#ask(body).then((answer) => {
      // That it could not be asked is no answer to remember.
      const isAnswer = answer.kind !== 'deny' || answer.reasonCode === ReasonCode.notAuthorized;
      if (isAnswer) this.#cache.set(key, { answer, until: this.#now() + cacheSeconds * 1000 });
      return answer;
    });
  }

  async #ask(body: string): Promise<ChainAnswer> {
    try {
      return await this.#work.run(() => this.#request(body));
    } catch (error) {
      if (error instanceof TooMuchWork) {
        return { kind: 'deny', reasonCode: ReasonCode.serverBusy, message: 'too many logins wait to be asked for' };
      }
      return { kind: 'deny', reasonCode: ReasonCode.serverUnavailable, message: `no answer came: ${reasonOf(error)}` };
    }
  }

  async #request(body: string): Promise<ChainAnswer> {
    const { headers = {}, timeoutMs = 5000 } = this.#options;
    const { url, headers: own } = this.#service;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...own, ...headers },
      body,
      // What a redirection leads to was not configured to see passwords.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await readBounded(response);
    if (response.status === 401 || response.status === 403) return denied('the service refuses the client');
    if (response.status === 204) return { kind: 'next' };
    if (response.status !== 200) throw new Error(`the status is ${response.status}`);
    return answerOf(JSON.parse(text));
  }
}

async function readBounded(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let byteLength = 0;
  for await (const chunk of response.body) {
    byteLength += chunk.length;
    if (byteLength > LARGEST_ANSWER) throw new Error(`the answer has more than ${LARGEST_ANSWER} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function questionOf({ clientIdentifier, userName, password, address, certificate }: Credentials): object {
  return {
    clientIdentifier,
    userName: userName ?? null,
    password: password === undefined ? null : Buffer.from(password).toString('utf8'),
    address,
    certificate:
      certificate === undefined ? null : { subject: certificate.subject, isVerified: certificate.isVerified },
  };
}

function answerOf(answer: unknown): ChainAnswer {
  const { result, userName, groups, claims, permissions } = Object(answer) as Record<string, unknown>;
  if (result === 'next') return { kind: 'next' };
  if (result === 'deny') return denied('the service refuses the client');
  if (result !== 'allow') throw new Error('the answer has no result allow, deny or next');
  const grant: Grant = defined({
    userName: own('userName', userName, isText, 'a text'),
    groups: own('groups', groups, isTexts, 'a list of texts'),
    claims: claimsIn(own('claims', claims, isObject, 'an object')),
    permissions: permissionsIn(own('permissions', permissions, isObject, 'an object')),
  });
  return { kind: 'allow', grant };
}

/** Passed over, a wrong one would let the client in as somebody else, or past a rule against its group. @throws {Error} */
function own<Kind>(
  name: string,
  value: unknown,
  is: (value: unknown) => value is Kind,
  kind: string,
): Kind | undefined {
  if (value === undefined || value === null) return undefined;
  if (!is(value)) throw new Error(`the ${name} of the answer must be ${kind}`);
  return value;
}

function claimsIn(claims: Record<string, unknown> | undefined): Grant['claims'] {
  return claims && claimsOf(claims);
}

function permissionsIn(permissions: Record<string, unknown> | undefined): Grant['permissions'] {
  const { publish, subscribe } = permissions ?? {};
  if (permissions === undefined) return undefined;
  return defined({
    publish: own('permissions.publish', publish, isTexts, 'a list of texts'),
    subscribe: own('permissions.subscribe', subscribe, isTexts, 'a list of texts'),
  });
}

function defined<Values extends object>(values: Values): { [Name in keyof Values]: Exclude<Values[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function denied(message: string): ChainAnswer {
  return { kind: 'deny', reasonCode: ReasonCode.notAuthorized, message };
}
