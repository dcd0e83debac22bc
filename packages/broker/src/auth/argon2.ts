import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

/** What argon2id is computed from (RFC 9106). */
export interface Argon2Parameters {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/**
 * The thread's program. A text, because a worker cannot load TypeScript on Node 20, and so small that it needs no file.
 * The library is WebAssembly inside of one file; Node has argon2 itself only from version 24 on.
 */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { argon2id } = require(workerData.library);
parentPort.on('message', async ({ id, options }) => {
  try {
    parentPort.postMessage({ id, hash: await argon2id({ ...options, outputType: 'binary' }) });
  } catch (error) {
    parentPort.postMessage({ id, error: String(error) });
  }
});
`;

interface Answer {
  readonly id: number;
  readonly hash?: Uint8Array;
  readonly error?: string;
}

interface Waiting {
  resolve(hash: Uint8Array): void;
  reject(error: Error): void;
}

/** Computes argon2id in a thread of its own, so that the broker goes on meanwhile. The thread starts with the first hash. */
export class Argon2Thread {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined = undefined;
  #lastId = 0;

  hash(
    password: Uint8Array,
    salt: Uint8Array,
    hashLength: number,
    { memory, passes, parallelism }: Argon2Parameters,
  ): Promise<Uint8Array> {
    const worker = this.#start();
    const id = ++this.#lastId;
    const options = { password, salt, hashLength, memorySize: memory, iterations: passes, parallelism };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ id, options });
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    this.#fail(new Error('the broker stops'));
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const library = createRequire(import.meta.url).resolve('hash-wasm');
    const worker = new Worker(PROGRAM, { eval: true, workerData: { library } });
    worker.on('message', (answer: Answer) => this.#handleAnswer(worker, answer));
    worker.on('error', (error) => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#fail(error);
    });
    this.#worker = worker;
    return worker;
  }

  #handleAnswer(worker: Worker, { id, hash, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    // An idle thread keeps no program from ending.
    if (this.#waiting.size === 0) worker.unref();
    if (hash === undefined) waiting?.reject(new Error(error ?? 'argon2id failed'));
    else waiting?.resolve(hash);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
