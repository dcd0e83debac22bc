/**
 * The loads that brokers are compared under, as options of `runBench`, and the ratios of CPU time that Busbar is to keep
 * (for 5.0 clients the same, within 15 %).
 */
export const WORKLOADS = [
  {
    name: 'fanin0',
    what: '20 publishers to 1 subscriber, QoS 0',
    load: { workload: 'fan-in', publishers: 20, subscribers: 1, window: 100 },
    targets: { mosquitto: 0.4, aedes: 0.12 },
  },
  {
    name: 'pair0',
    what: '50 pairs, QoS 0',
    load: { workload: 'pairs', publishers: 50, window: 40 },
    targets: { mosquitto: 0.5, aedes: 0.13 },
  },
  {
    name: 'fanout0',
    what: '1 publisher to 100 subscribers, QoS 0',
    load: { workload: 'fan-out', publishers: 1, subscribers: 100, window: 200 },
    targets: { mosquitto: 0.15, aedes: 0.06 },
  },
  {
    name: 'pair1',
    what: '20 pairs, QoS 1',
    load: { workload: 'pairs', publishers: 20, window: 20, qos: 1 },
    targets: { mosquitto: 0.35, aedes: 0.13 },
  },
  {
    name: 'pair2',
    what: '20 pairs, QoS 2',
    load: { workload: 'pairs', publishers: 20, window: 20, qos: 2 },
    targets: { mosquitto: 0.35, aedes: 0.08 },
  },
  {
    name: 'sparse0',
    what: '200 pairs, 8,000 messages/s, one message per read, QoS 0',
    load: { workload: 'pairs', publishers: 200, rate: 8_000 },
    targets: { mosquitto: 2, aedes: 0.75 },
  },
];

/** Properties of every message of 5.0 clients. */
export const USER_PROPERTIES = 2;
/** How far the ratios of 5.0 clients may be above the targets. */
export const TOLERANCE_OF_5 = 1.15;

/** The name of a workload with clients of a version. @param {{ name: string }} workload @param {number} version */
export function labelOf({ name }, version) {
  return version === 5 ? `${name} v5` : name;
}
