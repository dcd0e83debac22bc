/**
 * A digital twin of each pump: hears its readings, keeps its state as a retained message, and raises an alarm when the pressure
 * stays too high. It is a client of the broker without a socket, and is there before the first device comes.
 */
import type { BrokerHooks, InProcessClient, InProcessMessage } from '@busbar/broker';

const TOO_HIGH = 8;
const READINGS_UNTIL_ALARM = 3;

interface Twin {
  pressure: number;
  readings: number;
  tooHigh: number;
}

const hooks: BrokerHooks = {
  name: 'pump-twin',
  start(client) {
    const twins = new Map<string, Twin>();
    client.subscribe('plant/+/pressure', (message) => follow(client, twins, message), { qos: 1 });
  },
};

/** The next message comes when this one has been worked on: what the broker has accepted is not outrun. */
async function follow(client: InProcessClient, twins: Map<string, Twin>, message: InProcessMessage): Promise<void> {
  const pump = message.topicName.split('/')[1] ?? '';
  const pressure = Number(message.text());
  if (!Number.isFinite(pressure)) return;
  const twin = twins.get(pump) ?? { pressure, readings: 0, tooHigh: 0 };
  twins.set(pump, twin);
  twin.pressure = pressure;
  twin.readings++;
  twin.tooHigh = pressure > TOO_HIGH ? twin.tooHigh + 1 : 0;
  await client.publish(`twin/${pump}`, JSON.stringify(twin), { qos: 1, retain: true });
  if (twin.tooHigh === READINGS_UNTIL_ALARM) {
    await client.publish(`alarm/${pump}`, `pressure above ${TOO_HIGH} bar`, { qos: 1 });
  }
}

export default hooks;
