/** Lets readings through only if they are what consumers expect: `{ "value": 17.5, "unit": "C" }`. */
import { type BrokerHooks, ReasonCode } from '@busbar/broker';

const UNITS = ['C', 'bar', 'rpm'];

const hooks: BrokerHooks = {
  name: 'reading-gate',
  publish(message) {
    const fault = message.topicName.endsWith('/reading') ? faultOf(message.text()) : undefined;
    return fault === undefined ? undefined : { refuse: ReasonCode.payloadFormatInvalid, reason: fault };
  },
};

function faultOf(text: string): string | undefined {
  let reading: unknown;
  try {
    reading = JSON.parse(text);
  } catch {
    return 'expected JSON';
  }
  if (typeof reading !== 'object' || reading === null) return 'expected an object';
  const { value, unit } = reading as { value?: unknown; unit?: unknown };
  if (typeof value !== 'number') return 'expected value to be a number';
  return UNITS.includes(String(unit)) ? undefined : `expected unit to be one of ${UNITS.join(', ')}`;
}

export default hooks;
