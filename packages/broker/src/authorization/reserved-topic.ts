const RESERVED = '$SYS';

/** Below it bridges of Mosquitto say, by messages and Wills of their own, whether they are connected. */
const BRIDGE_STATES = '$SYS/broker/connection/';

/** Whether only the broker itself publishes to this topic [MQTT-4.7.2-1]. */
export function isReservedTopic(topicName: string): boolean {
  if (!topicName.startsWith(RESERVED)) return false;
  if (topicName.startsWith(BRIDGE_STATES)) return false;
  return topicName.length === RESERVED.length || topicName[RESERVED.length] === '/';
}
