import type { TracedPacket } from '@busbar/broker';
import { CommandError } from '../command/command-error.ts';
import { StopSignal } from '../command/stop-signal.ts';
import { ControlClient } from '../control/control-client.ts';
import { findControlSocket } from '../control/control-socket.ts';
import { ExitCode } from '../exit-code.ts';
import { isColorful } from '../terminal/color.ts';
import { jsonLine } from '../terminal/json-line.ts';
import { createStyle } from '../terminal/style.ts';
import { renderPacket } from './render-packet.ts';

/** How a client is traced, and how that is shown. */
export interface TraceOptions {
  /** Milliseconds; undefined until a signal. */
  readonly for: number | undefined;
  readonly json: boolean;
  readonly port: number | undefined;
  readonly socket: string | undefined;
}

/** A line of the stream: what is traced, how much was left out, or a packet. */
type TraceLine = { readonly tracing: string; readonly connected: boolean } | { readonly missed: number } | TracedPacket;

/**
 * Prints the packets of a client until a signal, the end of the time or of the reader.
 *
 * @returns The exit code. @throws {CommandError} No broker answers, or it has stopped.
 */
export async function runTrace(
  clientIdentifier: string,
  { for: lastsMs, json, port, socket }: TraceOptions,
): Promise<number> {
  const { stdout } = process;
  const client = new ControlClient(socket ?? (await findControlSocket(port)));
  const stopSignal = new StopSignal();
  const controller = new AbortController();
  void stopSignal.received.then(() => controller.abort());
  const handleOutputError = (): void => stopSignal.stop('nobody reads');
  stdout.on('error', handleOutputError);
  const timer = lastsMs === undefined ? undefined : setTimeout(() => stopSignal.stop('time is over'), lastsMs);
  const style = createStyle(isColorful(stdout));
  try {
    for await (const line of client.list(`trace?client=${encodeURIComponent(clientIdentifier)}`, controller.signal)) {
      const text = json ? jsonLine(line).trimEnd() : render(line as unknown as TraceLine);
      if (text !== '' && !controller.signal.aborted) stdout.write(`${text}\n`);
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
    // The stream was torn down: by the broker's end, or by ours.
  } finally {
    clearTimeout(timer);
    stdout.off('error', handleOutputError);
    stopSignal.ignore();
  }
  if (!controller.signal.aborted) throw new CommandError(ExitCode.failure, 'the broker has stopped');
  return ExitCode.success;

  function render(line: TraceLine): string {
    if ('missed' in line) return style.yellow(`... ${line.missed} packets came too fast to be shown`);
    if (!('tracing' in line)) return renderPacket(line, style);
    const what = line.connected
      ? 'what it sends and is sent'
      : 'it is not connected; what it sends and is sent when it comes';
    return style.dim(`tracing a client: ${what} (Ctrl-C ends)`);
  }
}
