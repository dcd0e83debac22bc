import type { Broker, BrokerLog } from '@busbar/broker';
import { type ControlActions, ControlServer } from '../control/control-server.ts';
import { makeControlPath } from '../control/control-socket.ts';
import { portOf } from './running-broker.ts';

/** Opens the door for `busbar inspect` and `busbar kick`. A broker without it still does its work: the log says so. */
export async function openControl(
  broker: Broker,
  log: BrokerLog,
  actions: ControlActions = {},
): Promise<ControlServer | undefined> {
  if (process.platform === 'win32') return undefined;
  try {
    return await ControlServer.open(makeControlPath(portOf(broker)), broker, actions);
  } catch (error) {
    const { message } = error as Error;
    log.warn({ error: message }, 'busbar inspect and busbar kick cannot reach this broker');
    return undefined;
  }
}
