import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { CommandError } from '../command/command-error.ts';
import { ExitCode } from '../exit-code.ts';

/** A broker that has not begun to answer by then is stuck, or stopped with a signal. */
const ANSWER_MS = 10_000;

/** Talks to a running broker over its control socket. */
export class ControlClient {
  readonly #path: string;
  readonly #answerMs: number;

  constructor(path: string, { answerMs = ANSWER_MS }: { readonly answerMs?: number } = {}) {
    this.#path = path;
    this.#answerMs = answerMs;
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
    // That it is torn down is seen below, whether readline passes it on or not.
    response.on('error', () => {});
    const lines = createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY });
    const end = (): void => {
      lines.close();
      response.destroy();
    };
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
    try {
      for await (const line of lines) {
        if (line === '') continue;
        const item = itemOf(line);
        if (item === undefined) break;
        yield item;
      }
    } catch {
      // The answer was torn down.
    }
    if (signal?.aborted !== true && !response.complete) throw hasStopped();
  }

  async #ask(method: string, what: string, body = ''): Promise<IncomingMessage> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request({ socketPath: this.#path, method, path: `/${what}` }, (answer) => {
        asked.setTimeout(0);
        resolve(answer);
      });
      asked.setTimeout(this.#answerMs, () => asked.destroy(new Error(`nothing came for ${this.#answerMs / 1000} s`)));
      asked.once('error', ({ message }) => reject(unreachable(this.#path, message)));
      asked.end(body);
    });
    if (response.statusCode === 200) return response;
    const { error } = (await readJson(response)) as { error?: string };
    throw new CommandError(ExitCode.failure, error ?? `the broker answered ${response.statusCode}`);
  }
}

/** Undefined for half a line, which ends an answer that was torn down. */
function itemOf(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function unreachable(path: string, message: string): CommandError {
  return new CommandError(ExitCode.failure, `no broker answers at ${path}: ${message}`);
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  let text = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
  } catch {
    throw hasStopped();
  }
  return JSON.parse(text);
}

function hasStopped(): CommandError {
  return new CommandError(ExitCode.failure, 'the broker has stopped');
}
