import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { Broker } from '@busbar/broker';
import { messageOf } from '../command/message-of.ts';
import { streamTrace } from './trace-stream.ts';

/** What can be looked at one by one, a line of JSON each. */
export const LISTS = ['clients', 'sessions', 'subscriptions', 'retained', 'topics'] as const;
export type ListName = (typeof LISTS)[number];

/** Lines that are written before others in the process have their turn. */
const LINES_IN_A_ROW = 500;
/** Characters of a request's body; more is none of ours. */
const LONGEST_BODY = 70_000;
/** Who may trace at a time. */
const MOST_TRACERS = 32;

/** What the operator can do beside looking. */
export interface ControlActions {
  /** Reads the configuration anew. @returns What to tell, in a line. @throws {Error} Why it stays as it was. */
  readonly reload?: () => Promise<string>;
}

/**
 * Lets the operator look into a running broker: HTTP on a Unix socket that only the broker's own user can open.
 *
 *     GET /clients | /sessions | /subscriptions | /retained | /topics    JSON lines
 *     GET /losses | /stats                                               JSON
 *     GET /trace?client=ID                                               JSON lines, until the reader goes
 *     POST /kick {"clientIdentifier": "..."}    POST /reload
 *     POST /explain {"question": "publish", "clientIdentifier": "...", "topic": "..."}
 */
export class ControlServer {
  readonly #broker: Broker;
  readonly #actions: ControlActions;
  readonly #path: string;
  readonly #server: Server;
  #tracers = 0;

  private constructor(broker: Broker, actions: ControlActions, path: string) {
    this.#broker = broker;
    this.#actions = actions;
    this.#path = path;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /**
   * Listens on a path; what a broker that was killed has left there is removed.
   *
   * @throws {Error} The path cannot be used, or another broker uses it.
   */
  static async open(path: string, broker: Broker, actions: ControlActions = {}): Promise<ControlServer> {
    if (!(await isAnswered(path))) rmSync(path, { force: true });
    const control = new ControlServer(broker, actions, path);
    await new Promise<void>((resolve, reject) => {
      control.#server.once('error', reject);
      control.#server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
    return control;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.#path, { force: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const what = `${request.method} ${request.url}`;
    const list = LISTS.find((name) => what === `GET /${name}`);
    try {
      if (list !== undefined) await this.#writeList(list, response);
      else if (what === 'GET /losses') writeJson(response, 200, this.#broker.inspect.losses());
      else if (what === 'GET /stats') writeJson(response, 200, this.#broker.stats());
      else if (what.startsWith('GET /trace?')) await this.#trace(request.url ?? '', response);
      else if (what === 'POST /kick') this.#kick(await readBody(request), response);
      else if (what === 'POST /explain') this.#explain(await readBody(request), response);
      else if (what === 'POST /reload') await this.#reload(response);
      else writeJson(response, 404, { error: `there is no ${what}` });
    } catch (error) {
      writeJson(response, 400, { error: messageOf(error) });
    }
  }

  async #writeList(name: ListName, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    let lines = '';
    let count = 0;
    for (const item of this.#broker.inspect[name]()) {
      lines += `${JSON.stringify(item)}\n`;
      if (++count % LINES_IN_A_ROW !== 0) continue;
      const isTaken = response.write(lines);
      lines = '';
      if (response.destroyed) return;
      if (isTaken) await setImmediate();
      else await new Promise<void>((resolve) => response.once('drain', resolve).once('close', resolve));
    }
    response.end(lines);
  }

  async #trace(target: string, response: ServerResponse): Promise<void> {
    const clientIdentifier = new URL(target, 'http://broker').searchParams.get('client');
    if (clientIdentifier === null || clientIdentifier === '') throw new Error('expected /trace?client=ID');
    if (this.#tracers >= MOST_TRACERS)
      throw new Error(`${MOST_TRACERS} traces are running, and that is as many as may`);
    this.#tracers++;
    try {
      await streamTrace(this.#broker, clientIdentifier, response);
    } finally {
      this.#tracers--;
    }
  }

  #kick(body: unknown, response: ServerResponse): void {
    const { clientIdentifier } = body as { clientIdentifier?: unknown };
    if (typeof clientIdentifier !== 'string') throw new Error('expected {"clientIdentifier": "..."}');
    writeJson(response, 200, { kicked: this.#broker.kick(clientIdentifier) });
  }

  #explain(body: unknown, response: ServerResponse): void {
    const { question, clientIdentifier, topic } = body as Readonly<Record<string, unknown>>;
    const isQuestion = question === 'publish' || question === 'subscribe' || question === 'receive';
    if (!isQuestion || typeof clientIdentifier !== 'string' || typeof topic !== 'string') {
      throw new Error('expected {"question": "publish|subscribe|receive", "clientIdentifier": "...", "topic": "..."}');
    }
    const explanation = this.#broker.explain(question, clientIdentifier, topic);
    if (explanation === undefined) throw new Error(`there is no session of a client '${clientIdentifier}'`);
    writeJson(response, 200, explanation);
  }

  async #reload(response: ServerResponse): Promise<void> {
    const { reload } = this.#actions;
    if (reload === undefined)
      throw new Error('this broker runs without a configuration file: there is nothing to reload');
    writeJson(response, 200, { message: await reload() });
  }
}

/** Whether somebody listens there. */
async function isAnswered(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    const finish = (isThere: boolean) => () => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', finish(true)).once('error', finish(false));
  });
}

function writeJson(response: ServerResponse, status: number, value: unknown): void {
  if (!response.headersSent) response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > LONGEST_BODY) throw new Error(`expected at most ${LONGEST_BODY} characters`);
  }
  return JSON.parse(body);
}
