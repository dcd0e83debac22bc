import type { BrokerLog } from '@busbar/broker';
import { withoutControls } from '../terminal/width.ts';
import type { DemoEvent } from './event-list.ts';

const VERSIONS: ReadonlyMap<unknown, string> = new Map([
  [3, 'MQTT 3.1'],
  [4, 'MQTT 3.1.1'],
  [5, 'MQTT 5.0'],
]);

/**
 * The broker's log as events of the demonstration: who else comes and goes, and everything that is wrong. The devices'
 * own coming and going is told by themselves.
 */
export class DemoLog implements BrokerLog {
  /** Client Identifiers of the demonstration's own clients. */
  readonly own = new Set<string>();
  /** Client Identifiers of everybody else who is connected. */
  readonly guests = new Set<string>();
  readonly #tell: (kind: DemoEvent['kind'], text: string) => void;

  constructor(tell: (kind: DemoEvent['kind'], text: string) => void) {
    this.#tell = tell;
  }

  debug(): void {}

  info(fields: object, message: string): void {
    const { client, remote, version } = readFields(fields);
    if (client === '' || this.own.has(client)) return;
    if (message === 'connected') {
      this.guests.add(client);
      this.#tell('note', withoutControls(`${client} connected from ${remote} (${VERSIONS.get(version) ?? 'MQTT'})`));
    } else if (this.guests.delete(client)) {
      this.#tell('note', withoutControls(`${client} is gone: ${message}`));
    }
  }

  warn(fields: object, message: string): void {
    const { client, remote } = readFields(fields);
    this.guests.delete(client);
    this.#tell('warning', withoutControls(`${client || remote || 'broker'}: ${message}`));
  }

  error(fields: object, message: string): void {
    this.warn(fields, message);
  }
}

function readFields(fields: { client?: unknown; remote?: unknown; version?: unknown }) {
  const { client = '', remote = '', version } = fields;
  return { client: String(client), remote: String(remote), version };
}
