import type { PropertyPacket, ToolSettings } from './tool-settings.ts';
import { ToolUsage } from './tool-usage.ts';

const NEVER_EXPIRES = 0xffff_ffff;
const SESSION_EXPIRY_INTERVAL = 17;

/** Draws what follows from several options together, and checks what does not go together. @throws {ToolUsage} */
export function finishSettings(settings: ToolSettings, isStrict: boolean): void {
  finishConnection(settings, isStrict);
  if (settings.tool === 'sub') {
    if (settings.topicFilters.length === 0 && settings.unsubscribed.length === 0) {
      const theirs = 'Error: You must specify a topic to subscribe to (-t) or unsubscribe from (-U).\n';
      throw new ToolUsage(theirs, 'a topic to subscribe to is needed (-t)');
    }
  }
  if (!isStrict) return;
  if (settings.retainedOnly && settings.hidesRetained) throw new ToolUsage('', '-R and --retained-only leave nothing');
  if (settings.schemaFile !== undefined && settings.decoding === undefined) settings.decoding = 'protobuf';
  if (settings.decoding === 'protobuf' && settings.schemaFile === undefined) {
    throw new ToolUsage('', '--decode protobuf needs --schema');
  }
  expectMessage(settings);
}

/** What holds of the connection alone. @throws {ToolUsage} */
export function finishConnection(settings: ToolSettings, isStrict: boolean): void {
  checkWill(settings);
  checkTls(settings);
  settleSession(settings);
  checkProperties(settings, isStrict);
  if (isStrict && settings.password !== undefined && settings.userName === undefined && settings.version !== 5) {
    throw new ToolUsage('', '-P/--pw needs -u/--username below MQTT 5.0');
  }
}

/** What `pub` and `rr` cannot do without. @throws {ToolUsage} */
export function expectMessage({ tool, topicName, source, responseTopic }: ToolSettings): void {
  if (tool === 'sub') return;
  const theirs =
    tool === 'pub'
      ? 'Error: Both topic and message must be supplied.\n'
      : 'Error: All of topic, message, and response topic must be supplied.\n';
  const ways = tool === 'pub' ? '-m, -f, -l, -s or -n' : '-m, -f, -s or -n';
  if (topicName === undefined && source === undefined) {
    throw new ToolUsage(theirs, `a topic (-t) and a message (${ways}) are needed`);
  }
  if (topicName === undefined) throw new ToolUsage(theirs, 'a topic to publish to is needed (-t)');
  if (source === undefined) {
    throw new ToolUsage(theirs, `a message is needed (${ways})`);
  }
  if (tool === 'rr' && responseTopic === undefined)
    throw new ToolUsage(theirs, 'a topic for the answer is needed (-e)');
}

function checkWill({ willTopic, willPayload, willRetain }: ToolSettings): void {
  if (willTopic !== undefined) return;
  if (willPayload !== undefined) {
    throw new ToolUsage('Error: Will payload given, but no will topic given.\n', '--will-payload needs --will-topic');
  }
  if (willRetain) {
    throw new ToolUsage('Error: Will retain given, but no will topic given.\n', '--will-retain needs --will-topic');
  }
}

function checkTls({ tls }: ToolSettings): void {
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    const theirs = 'Error: Both certfile and keyfile must be provided if one of them is set.\n';
    throw new ToolUsage(theirs, '--cert and --key need each other');
  }
  if (tls.keyForm !== undefined && tls.keyFile === undefined) {
    throw new ToolUsage('Error: If keyform is set, keyfile must be also specified.\n', '--keyform needs --key');
  }
  if (tls.enginePasswordHash !== undefined && (tls.keyForm === undefined || tls.engine === undefined)) {
    const theirs = 'Error: when using tls-engine-kpass-sha1, both tls-engine and keyform must also be provided.\n';
    throw new ToolUsage(theirs, '--tls-engine-kpass-sha1 needs --tls-engine and --keyform');
  }
  if (tls.psk !== undefined && (tls.caFile !== undefined || tls.caPath !== undefined)) {
    const theirs = 'Error: Only one of --psk or --cafile/--capath may be used at once.\n';
    throw new ToolUsage(theirs, '--psk and --cafile or --capath exclude each other');
  }
  if (tls.psk !== undefined && tls.pskIdentity === undefined) {
    throw new ToolUsage('Error: --psk-identity required if --psk used.\n', '--psk needs --psk-identity');
  }
}

function settleSession(settings: ToolSettings): void {
  const { version, cleanStart, id, properties } = settings;
  if (version !== 5) {
    if (cleanStart || id !== undefined) return;
    const theirs = 'Error: You must provide a client id if you are using the -c option.\n';
    throw new ToolUsage(theirs, '-c needs a Client Identifier (-i)');
  }
  if (!cleanStart && settings.sessionExpiry === undefined && !properties.connect.has(SESSION_EXPIRY_INTERVAL)) {
    settings.sessionExpiry = NEVER_EXPIRES;
  }
  const { sessionExpiry = 0 } = settings;
  if (sessionExpiry === 0) return;
  if (sessionExpiry === NEVER_EXPIRES && id === undefined) {
    const theirs = 'Error: You must provide a client id if you are using an infinite session expiry interval.\n';
    throw new ToolUsage(theirs, 'a session that never expires needs a Client Identifier (-i)');
  }
  properties.connect.addNumber(SESSION_EXPIRY_INTERVAL, 4, sessionExpiry);
}

function checkProperties({ properties }: ToolSettings, isStrict: boolean): void {
  for (const [packet, list] of Object.entries(properties) as [PropertyPacket, ToolSettings['properties']['will']][]) {
    const fault = list.faultOf(isStrict);
    if (fault === undefined) continue;
    const name = packet === 'will' ? 'Will' : packet.toUpperCase();
    const text =
      fault === 'duplicate'
        ? 'Duplicate property in property list'
        : 'A network protocol error occurred when communicating with the broker.';
    const what = fault === 'duplicate' ? 'a property is given twice' : 'a property has a value that is not allowed';
    throw new ToolUsage(`Error in ${name} properties: ${text}\n`, `-D ${packet}: ${what}`);
  }
}
