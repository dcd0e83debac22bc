import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { CommandError } from '../command/command-error.ts';
import { ExitCode } from '../exit-code.ts';

/** Talks to a running broker over its control socket. */
export class ControlClient {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws {CommandError} The broker cannot be reached, or says no. */
  async get(what: string): Promise<unknown> {
    return await readJson(await this.#ask('GET', what));
  }

  /** @throws {CommandError} As {@link get}. */
  async post(what: string, body: unknown): Promise<unknown> {
    return await readJson(await this.#ask('POST', what, JSON.stringify(body)));
  }

  /**
   * A list, one item after the other.
   *
   * @param signal Ends it, as if it had come to its end.
   * @throws {CommandError} As {@link get}.
   */
  async *list(what: string, signal?: AbortSignal): AsyncGenerator<Record<string, unknown>, void> {
    const response = await this.#ask('GET', what);
    // A stream that is torn down has come to its end: what came is whole lines.
    response.on('error', () => {});
    const lines = createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY });
    const end = (): void => {
      lines.close();
      response.destroy();
    };
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
    for await (const line of lines) {
      if (line !== '') yield JSON.parse(line) as Record<string, unknown>;
    }
  }

  async #ask(method: string, what: string, body = ''): Promise<IncomingMessage> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request({ socketPath: this.#path, method, path: `/${what}` }, resolve);
      asked.once('error', ({ message }) => reject(unreachable(this.#path, message)));
      asked.end(body);
    });
    if (response.statusCode === 200) return response;
    const { error } = (await readJson(response)) as { error?: string };
    throw new CommandError(ExitCode.failure, error ?? `the broker answered ${response.statusCode}`);
  }
}

function unreachable(path: string, message: string): CommandError {
  return new CommandError(ExitCode.failure, `no broker answers at ${path}: ${message}`);
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return JSON.parse(text);
}
