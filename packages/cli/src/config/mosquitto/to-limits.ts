import { formatPlace } from '../place.ts';
import type { Configuration } from '../schema.ts';
import type { Translation } from './translation.ts';

const UNBOUNDED = Number.MAX_SAFE_INTEGER;
/** The standard has none that is larger. */
const LARGEST_PACKET = 268_435_460;
/** What the program itself needs, and Mosquitto does not. */
const PROGRAM_BYTES = 64 * 1024 * 1024;

/** Mosquitto's own limits where the file says nothing and clients can see them: what CONNACK says, what waits. */
const THEIR_LIMITS = {
  maximumInFlight: 20,
  receiveMaximum: 20,
  topicAliasMaximum: 10,
  outboundTopicAliasMaximum: 10,
  maximumPacketSize: 2_000_000,
  maximumQueuedMessages: 1_000,
  // What finds the queue full is lost, not what has waited longest.
  queuePolicy: 'drop-newest',
};

/** Mosquitto says nothing in words: programs that compare packets byte by byte find here what they find there. */
const THEIR_MANNERS = { announceDurability: false, plainAnswers: true };

/** What clients may have and do at most. */
export function translateLimits(translation: Translation): Configuration['limits'] {
  const limits: Record<string, number | string> & typeof THEIR_LIMITS = { ...THEIR_LIMITS };
  const take = (name: string, setting: string, convert: (value: number) => number = (value) => value) => {
    const given = translation.values.get(name);
    if (given === undefined) return;
    limits[setting] = convert(given.value as number);
    translation.mark(['limits', setting], given.place);
  };
  const unboundedAtZero = (value: number) => (value <= 0 ? UNBOUNDED : value);
  take('max_inflight_messages', 'maximumInFlight', (value) => (value > 0 ? value : 65_535));
  take('max_inflight_messages', 'receiveMaximum', (value) => (value > 0 ? value : 65_535));
  take('max_keepalive', 'maximumKeepAlive');
  take('message_size_limit', 'maximumPayloadSize', (value) => value || LARGEST_PACKET);
  take('max_packet_size', 'maximumPacketSize', (value) => Math.min(Math.max(value, 32), LARGEST_PACKET));
  take('max_queued_messages', 'maximumQueuedMessages', unboundedAtZero);
  take('max_queued_bytes', 'maximumQueuedBytes', (value) => Math.max(unboundedAtZero(value), 1024));
  take('persistent_client_expiration', 'maximumSessionExpiryInterval');
  take('memory_limit', 'memoryLimit', (value) => (value === 0 ? 0 : value + PROGRAM_BYTES));
  take('global_max_clients', 'maximumSessions', unboundedAtZero);
  take('global_max_connections', 'maximumConnections', unboundedAtZero);
  const aliases = sameForAll(translation, 'max_topic_alias');
  if (aliases !== undefined) limits.topicAliasMaximum = aliases;
  const own = sameForAll(translation, 'max_topic_alias_broker');
  if (own !== undefined) limits.outboundTopicAliasMaximum = own;
  return limits as Configuration['limits'];
}

/** What the broker can do, and how it says so. */
export function translateCapabilities(translation: Translation): Configuration['capabilities'] {
  const retain = translation.values.get('retain_available')?.value as boolean | undefined;
  const qos = sameForAll(translation, 'max_qos') as 0 | 1 | 2 | undefined;
  const queues = translation.values.get('queue_qos0_messages')?.value as boolean | undefined;
  return {
    ...THEIR_MANNERS,
    ...(retain === undefined ? {} : { retainAvailable: retain }),
    ...(qos === undefined ? {} : { maximumQoS: qos }),
    ...(queues === undefined ? {} : { queueQoS0: queues }),
  };
}

/** An option that every listener has here together: all that say it must say the same. */
function sameForAll(translation: Translation, name: string): number | undefined {
  const given = [translation.values, ...translation.draft.listeners.map(({ values }) => values)].flatMap(
    (values) => values.get(name) ?? [],
  );
  const [first, ...others] = given;
  const other = others.find(({ value }) => value !== first?.value);
  if (other !== undefined) translation.fail(other.place, `${name} must be the same for all listeners`);
  if (first !== undefined && given.length < translation.draft.listeners.length)
    translation.draft.notices.push(`${formatPlace(first.place)}: ${name} holds for all listeners`);
  return first?.value as number | undefined;
}
