import { type Broker, type BrokerOptions, createBroker } from '@busbar/broker';
import { ReasonCode } from '@busbar/codec';

/** A broker in the test's own process, on a free port, that refuses the client `unwelcome`. */
export interface BrokerUnderTest {
  readonly broker: Broker;
  readonly port: string;
  readonly url: string;
  close(): Promise<void>;
}

export async function openBroker(options: BrokerOptions = {}): Promise<BrokerUnderTest> {
  const broker = await createBroker({
    authenticate: ({ clientIdentifier }) =>
      clientIdentifier === 'unwelcome' ? ReasonCode.notAuthorized : ReasonCode.success,
    listeners: [{ port: 0 }],
    ...options,
  });
  const port = String(broker.listeners[0]?.port);
  return { broker, port, url: `mqtt://localhost:${port}`, close: () => broker.stop() };
}
