/** Writes down who came, who left and what was lost, a line of JSON each, to the file that AUDIT_FILE names. */

import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { BrokerHooks } from '@busbar/broker';

let file: WriteStream | undefined;

function write(event: string, fields: object): void {
  file?.write(`${JSON.stringify({ at: new Date().toISOString(), event, ...fields })}\n`);
}

const hooks: BrokerHooks = {
  name: 'audit-log',
  async start() {
    file = createWriteStream(process.env['AUDIT_FILE'] ?? 'audit.ndjson', { flags: 'a', mode: 0o600 });
    await once(file, 'open');
  },
  session({ kind, identity }) {
    write(`session ${kind}`, { client: identity.clientIdentifier, user: identity.userName });
  },
  disconnect({ identity, remote, cause, message }) {
    write('disconnect', { client: identity.clientIdentifier, user: identity.userName, remote, cause, message });
  },
  drop({ reason, clientIdentifier, topicName, messages }) {
    write('drop', { reason, client: clientIdentifier, topic: topicName, messages });
  },
  async stop() {
    file?.end();
    if (file !== undefined) await once(file, 'close');
  },
};

export default hooks;
