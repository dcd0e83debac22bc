import { CommandError } from '../command/command-error.ts';
import { ControlClient } from '../control/control-client.ts';
import { findControlSocket } from '../control/control-socket.ts';
import { ExitCode } from '../exit-code.ts';

/** Asks the broker to do it. @returns The exit code. @throws {CommandError} No broker answers, or the client is not connected. */
export async function kick(
  clientIdentifier: string,
  port: number | undefined,
  socket: string | undefined,
): Promise<number> {
  const client = new ControlClient(socket ?? (await findControlSocket(port)));
  const { kicked } = (await client.post('kick', { clientIdentifier })) as { kicked: boolean };
  if (!kicked) throw new CommandError(ExitCode.failure, `no client '${clientIdentifier}' is connected`);
  return ExitCode.success;
}
