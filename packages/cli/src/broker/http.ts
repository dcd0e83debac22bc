import type { BrokerLog } from '@busbar/broker';
import { CommandError } from '../command/command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { HttpServer } from '../http/http-server.ts';
import { type HttpSettings, httpSettingsFault, USUAL_HTTP_PORT } from '../http/http-settings.ts';

/**
 * Opens the HTTP server of a broker that is about to start.
 *
 * @param settings Undefined where there is to be none.
 * @throws {CommandError} In one line, why it cannot listen there.
 */
export async function openHttp(settings: HttpSettings | undefined, log: BrokerLog): Promise<HttpServer | undefined> {
  if (settings === undefined) return undefined;
  const fault = httpSettingsFault(settings);
  if (fault !== undefined) throw new CommandError(ExitCode.failure, `http: ${fault}`);
  const { HttpServer } = await import('../http/http-server.ts'); // a broker without it starts sooner
  try {
    return await HttpServer.open(settings, log);
  } catch (error) {
    const { port = USUAL_HTTP_PORT } = settings;
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? `port ${port} is taken` : message;
    throw new CommandError(ExitCode.failure, `http: ${reason}: choose another with --http or http.port`);
  }
}

/** The token that the environment has for a broker without a configuration; under the same name as with one. */
export function tokenOf({
  BUSBAR_HTTP_TOKEN: token,
}: Readonly<Record<string, string | undefined>>): string | undefined {
  return token === '' ? undefined : token;
}
