import type { ByteTransport, MemoryTransport } from '@busbar/transport';
import { createMemoryPair } from '@busbar/transport';
import type { BrokerLimits, BrokerOptions } from '../../src/index.ts';
import { VirtualBroker, type VirtualClient } from '../virtual-broker.ts';

/** A broker that has these limits, and watches its load. */
export function startLimited(limits: Partial<BrokerLimits>, options: BrokerOptions = {}): Promise<VirtualBroker> {
  return VirtualBroker.start({ limits, watchesLoad: true, ...options });
}

/** A connection that says it comes from an address. */
export function openFrom(broker: VirtualBroker, address: string): MemoryTransport {
  const [near, far] = createMemoryPair({ schedule: broker.clock.task });
  const named = Object.create(far, { remote: { value: { address, port: 1 } } }) as ByteTransport;
  for (const name of ['attach', 'write', 'writeAll', 'pause', 'resume', 'end', 'destroy'] as const) {
    Object.defineProperty(named, name, {
      value: (...given: never[]) => (far[name] as (...all: never[]) => void)(...given),
    });
  }
  for (const name of ['bufferedBytes', 'isWritable'] as const) {
    Object.defineProperty(named, name, { get: () => far[name] });
  }
  broker.broker.accept(named);
  broker.run();
  return near;
}

export function isOpen(broker: VirtualBroker, transport: MemoryTransport): boolean {
  let isClosed = false;
  transport.attach({
    handleBytes() {},
    handleWritable() {},
    handleClosed() {
      isClosed = true;
    },
  });
  broker.run();
  return !isClosed;
}

export const reached = (broker: VirtualBroker) => broker.broker.stats().limitsReached;
export const warnings = (broker: VirtualBroker) =>
  broker.takeLog('warn').map(({ message, fields }) => [message, fields['limit']]);
export const connackOf = (client: VirtualClient) => client.connack.reasonCode;
export const retryAfter = (client: VirtualClient) =>
  client.connack.properties.userProperties?.find(([name]) => name === 'retry-after')?.[1];
