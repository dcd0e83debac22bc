import type { AddressInfo } from 'node:net';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';

/** What becomes of one connection through a {@link ChaosProxy}. */
export interface Fate {
  /** Bytes in either direction until it happens. */
  readonly bytes: number;
  /** A reset; or nothing goes through any more, and nobody is told. */
  readonly kind: 'cut' | 'silence';
  /** Milliseconds that everything takes. */
  readonly delayMs: number;
}

/** A proxy between real sockets that cuts connections at any byte, lets them fall silent, and takes its time. */
export class ChaosProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #fates: Fate[];
  /** Connections that were cut or fell silent. */
  struck = 0;

  private constructor(server: Server, fates: readonly Fate[]) {
    this.#server = server;
    this.#fates = [...fates];
  }

  /** @param fates One for each connection in turn; later ones are left alone. */
  static async start(targetPort: number, fates: readonly Fate[]): Promise<ChaosProxy> {
    const server = createServer({ noDelay: true });
    const proxy = new ChaosProxy(server, fates);
    server.on('connection', (near) => proxy.#join(near, targetPort));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket, targetPort: number): void {
    const fate = this.#fates.shift();
    const far = dial({ port: targetPort, host: '127.0.0.1', noDelay: true });
    let left = fate?.bytes ?? Number.POSITIVE_INFINITY;
    let isStruck = false;
    const strike = () => {
      if (isStruck) return;
      isStruck = true;
      this.struck++;
      if (fate?.kind !== 'cut') return;
      near.resetAndDestroy();
      far.resetAndDestroy();
    };
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        if (!isStruck || fate?.kind === 'cut' || from === near) to.destroy();
      });
      from.on('data', (bytes) => {
        if (isStruck) return;
        const passed = bytes.subarray(0, left);
        left -= passed.length;
        const pass = () => {
          if (!to.destroyed && !(isStruck && fate?.kind === 'silence')) to.write(passed);
          if (left === 0) strike();
        };
        if (fate === undefined || fate.delayMs === 0) pass();
        else setTimeout(pass, fate.delayMs);
      });
    }
  }
}
