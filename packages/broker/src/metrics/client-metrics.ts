import { REACHED_LIMITS } from '../observe/limit-watch.ts';
import { READINESS_CHECKS } from '../observe/readiness.ts';
import { CONNECTION_ENDS, CONNECTION_REFUSALS, DENIED_ACTIONS, LOGIN_FAILURES } from '../observe/tallies.ts';
import { OVERLOAD_LEVELS } from '../overload/overload-state.ts';
import type { Metric } from './metric.ts';

/** Connections, clients, sessions, and who is refused. */
export const CLIENT_METRICS: readonly Metric[] = [
  {
    name: 'busbar_build_info',
    type: 'gauge',
    help: 'Always 1; the version of Busbar is in the label.',
    label: 'version',
    read: ({ version }) => [[version, 1]],
  },
  {
    name: 'busbar_ready',
    type: 'gauge',
    help: 'Whether clients should be sent here: 1 or 0, as /health/ready says it.',
    read: ({ readiness }) => (readiness.isReady ? 1 : 0),
  },
  {
    name: 'busbar_readiness_failing',
    type: 'gauge',
    help: 'What speaks against sending clients here: 1 where the check finds something.',
    label: 'check',
    labelValues: READINESS_CHECKS,
    read: ({ readiness }) => READINESS_CHECKS.map((check) => [check, readiness.reasonOf(check) === undefined ? 0 : 1]),
  },
  {
    name: 'busbar_connections',
    type: 'gauge',
    help: 'Network Connections that are open, CONNECT or not.',
    read: ({ counters }) => counters.connections,
  },
  {
    name: 'busbar_connections_accepted_total',
    type: 'counter',
    help: 'Network Connections that were let in.',
    read: ({ counters }) => counters.connectionsAccepted,
  },
  {
    name: 'busbar_connections_refused_total',
    type: 'counter',
    help: 'Network Connections that were closed at once, by the bound that they met.',
    label: 'reason',
    labelValues: CONNECTION_REFUSALS,
    read: ({ tallies }) => tallies.refusedConnections,
  },
  {
    name: 'busbar_limits_reached_total',
    type: 'counter',
    help: 'How often clients have come up against a limit, by its setting; `listener...` are those of a listener.',
    label: 'limit',
    labelValues: REACHED_LIMITS,
    read: ({ limitWatch }) => limitWatch.tally,
  },
  {
    name: 'busbar_overload_level',
    type: 'gauge',
    help: 'What clients that connect have to expect: 1 for the level that holds, 0 for the others.',
    label: 'level',
    labelValues: OVERLOAD_LEVELS,
    read: ({ overload }) => OVERLOAD_LEVELS.map((level) => [level, overload.read().level === level ? 1 : 0]),
  },
  {
    name: 'busbar_connects_waiting',
    type: 'gauge',
    help: 'Clients that have sent CONNECT and wait for their turn because the broker is overloaded.',
    read: ({ overload }) => overload.read().waitingClients,
  },
  {
    name: 'busbar_connections_ended_total',
    type: 'counter',
    help: 'Network Connections that have ended: the client said DISCONNECT, broke a rule, was silent too long, was sent away, or got lost.',
    label: 'cause',
    labelValues: CONNECTION_ENDS,
    read: ({ tallies }) => tallies.ends,
  },
  {
    name: 'busbar_handshakes_failed_total',
    type: 'counter',
    help: 'Network Connections that ended before they carried MQTT: TLS, WebSocket or PROXY header.',
    read: ({ counters }) => counters.handshakesFailed,
  },
  {
    name: 'busbar_connects_accepted_total',
    type: 'counter',
    help: 'CONNECT packets that were accepted.',
    read: ({ counters }) => counters.connectsAccepted,
  },
  {
    name: 'busbar_connects_refused_total',
    type: 'counter',
    help: 'CONNECT packets that were refused, by Reason Code. Codes that have not occurred are left out.',
    label: 'reason_code',
    labelValues: ['0x80 to 0xff'],
    read: ({ tallies }) => Array.from(tallies.refusedConnects, ([code, count]) => [`0x${code.toString(16)}`, count]),
  },
  {
    name: 'busbar_login_failures_total',
    type: 'counter',
    help: 'Logins that were refused, were not even tried because too many were, or whose client is banned because it flaps.',
    label: 'outcome',
    labelValues: LOGIN_FAILURES,
    read: ({ tallies }) => tallies.loginFailures,
  },
  {
    name: 'busbar_authorization_denials_total',
    type: 'counter',
    help: 'Publications, subscriptions and Wills that rules have denied. Deliveries that they deny are lost messages with the reason not-authorized.',
    label: 'action',
    labelValues: DENIED_ACTIONS,
    read: ({ tallies }) => tallies.denials,
  },
  {
    name: 'busbar_clients',
    type: 'gauge',
    help: 'Clients that are connected: CONNECT accepted.',
    read: ({ counters }) => counters.clients,
  },
  {
    name: 'busbar_sessions',
    type: 'gauge',
    help: 'Sessions, with a connection or without.',
    read: ({ sessions }) => sessions.size,
  },
  {
    name: 'busbar_sessions_expired_total',
    type: 'counter',
    help: 'Sessions that ended because their Session Expiry Interval had passed, or to make room for others.',
    read: ({ counters }) => counters.sessionsExpired,
  },
  {
    name: 'busbar_subscriptions',
    type: 'gauge',
    help: 'Subscriptions of all sessions, shared ones included.',
    read: ({ subscriptions }) => subscriptions.size,
  },
  {
    name: 'busbar_shared_subscriptions',
    type: 'gauge',
    help: 'Subscriptions of all sessions that are shared.',
    read: ({ subscriptions }) => subscriptions.sharedSize,
  },
];
