import type { Closing, ServerConnection } from '@busbar/protocol';
import { type ByteTransport, formatPeer } from '@busbar/transport';
import { ConnectionTrace } from '../trace/connection-trace.ts';
import { TracedSink } from '../trace/traced-sink.ts';
import type { Traces } from '../trace/traces.ts';
import type { ClientOutput } from './client-output.ts';

/** Shows one connection to those who trace its client: nothing stands on the way of its packets until somebody does. */
export class ClientTrace {
  readonly #traces: Traces;
  readonly #transport: ByteTransport;
  readonly #connection: ServerConnection;
  readonly #output: ClientOutput;
  #trace: ConnectionTrace | undefined = undefined;
  /** Of whom it is. */
  #clientIdentifier = '';
  #closing: Closing | undefined = undefined;

  constructor(traces: Traces, transport: ByteTransport, connection: ServerConnection, output: ClientOutput) {
    this.#traces = traces;
    this.#transport = transport;
    this.#connection = connection;
    this.#output = output;
  }

  /**
   * Begins where somebody traces the client of this name, if it has not begun.
   *
   * @param isConnecting Whether its CONNECT packet is being read.
   */
  begin(clientIdentifier: string, isConnecting = false): void {
    const listeners = this.#trace === undefined ? this.#traces.of(clientIdentifier) : undefined;
    if (listeners === undefined) return;
    const connection = this.#connection;
    const remote = formatPeer(this.#transport.remote);
    const traced = {
      remote,
      get version() {
        return connection.version;
      },
    };
    const trace = new ConnectionTrace(traced, listeners);
    this.#clientIdentifier = clientIdentifier;
    this.#trace = trace;
    this.#output.replaceSink(new TracedSink(this.#transport, trace));
    // The last step: what is shown at once may end the trace.
    connection.tap(trace.handleReceived, isConnecting);
  }

  /** Nobody traces the client of this name any more. */
  end(clientIdentifier: string): void {
    if (this.#trace === undefined || clientIdentifier !== this.#clientIdentifier) return;
    this.#trace = undefined;
    this.#connection.tap(undefined);
    this.#output.replaceSink(this.#transport);
  }

  handleClosing(closing: Closing): void {
    this.#closing = closing;
  }

  /** The Network Connection is gone, and what was to leave has left. */
  handleClosed(): void {
    if (this.#closing !== undefined) this.#trace?.handleClosed(this.#closing);
    this.end(this.#clientIdentifier);
  }
}
