import {
  type BrokerOptions,
  createBroker,
  makeScramCredential,
  type RuleOptions,
  type ScramCredential,
  scramSha256,
} from '@busbar/broker';
import { SCRAM_USER } from '../peer/scram.ts';
import { REASON } from '../wire/reason-codes.ts';
import type { SetUp } from './scenario.ts';
import type { Target } from './target.ts';

const LOOPBACK = '127.0.0.1';
const LISTENERS = [{ host: LOOPBACK, port: 0 }];

/** Few iterations: how strong a password is kept is not what the scenarios are about. */
const USERS = new Map<string, ScramCredential>([
  [SCRAM_USER.name, makeScramCredential(SCRAM_USER.password, Buffer.from('salt'), 4096)],
]);

const RULES: readonly RuleOptions[] = [
  { deny: 'publish', topics: '+/+/denied' },
  { allow: 'all', topics: ['#', '$SYS/#'] },
];

const SET_UPS: Readonly<Record<SetUp, BrokerOptions>> = {
  ordinary: {
    listeners: [...LISTENERS, { transport: 'ws', host: LOOPBACK, port: 0 }],
    authenticationMethods: [scramSha256((userName) => USERS.get(userName))],
  },
  limited: {
    listeners: LISTENERS,
    limits: {
      connectTimeoutMs: 2000,
      maximumClientIdentifierLength: 100,
      maximumPacketSize: 1024,
      receiveMaximum: 3,
      topicAliasMaximum: 2,
      maximumKeepAlive: 2,
      maximumSessionExpiryInterval: 3600,
    },
    capabilities: { checkPayloadFormat: true, responseInformation: 'cf/responses' },
    authenticate: ({ userName }) => (userName === 'refused' ? REASON.badUserNameOrPassword : REASON.success),
  },
  redirecting: {
    listeners: LISTENERS,
    capabilities: { redirection: { serverReference: 'elsewhere.example:1883' } },
  },
  guarded: { listeners: LISTENERS, authorization: { rules: RULES } },
  strict: { listeners: LISTENERS, authorization: { rules: RULES, deniedPublish: 'disconnect' } },
  reduced: {
    listeners: LISTENERS,
    capabilities: {
      maximumQoS: 1,
      retainAvailable: false,
      wildcardSubscriptionAvailable: false,
      sharedSubscriptionAvailable: false,
      subscriptionIdentifiersAvailable: false,
    },
  },
};

/** Our broker in this process, once for each set-up, and over WebSocket. */
export async function startOwn(): Promise<Target> {
  const brokers = {
    ordinary: await createBroker(SET_UPS.ordinary),
    limited: await createBroker(SET_UPS.limited),
    reduced: await createBroker(SET_UPS.reduced),
    redirecting: await createBroker(SET_UPS.redirecting),
    guarded: await createBroker(SET_UPS.guarded),
    strict: await createBroker(SET_UPS.strict),
  };
  const portOf = (setUp: SetUp, transport: string): number => {
    return brokers[setUp].listeners.find((each) => each.transport === transport)?.port ?? 0;
  };
  return {
    name: 'Busbar',
    mayBeSlow: false,
    endpoint: async (setUp) => ({ host: LOOPBACK, port: portOf(setUp, 'tcp') }),
    webSocket: { host: LOOPBACK, port: portOf('ordinary', 'ws'), path: '/mqtt' },
    async close() {
      await Promise.all(Object.values(brokers).map((broker) => broker.stop()));
    },
  };
}
