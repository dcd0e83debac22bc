import { LOSS_REASONS, REFUSAL_REASONS } from '../observe/loss-ledger.ts';
import type { Metric } from './metric.ts';

const QOS_LEVELS = ['0', '1', '2'] as const;

/** Packets, messages, what waits and what is lost. */
export const MESSAGE_METRICS: readonly Metric[] = [
  {
    name: 'busbar_received_bytes_total',
    type: 'counter',
    help: 'Bytes of MQTT that clients have sent.',
    read: ({ counters }) => counters.bytesReceived,
  },
  {
    name: 'busbar_sent_bytes_total',
    type: 'counter',
    help: 'Bytes of MQTT that were handed to the sockets of clients.',
    read: ({ counters }) => counters.bytesSent,
  },
  {
    name: 'busbar_packets_received_total',
    type: 'counter',
    help: 'Control Packets of all types that clients have sent.',
    read: ({ counters }) => counters.packetsReceived,
  },
  {
    name: 'busbar_packets_sent_total',
    type: 'counter',
    help: 'Control Packets of all types that were handed to the sockets of clients.',
    read: ({ counters }) => counters.packetsSent,
  },
  {
    name: 'busbar_messages_received_total',
    type: 'counter',
    help: 'Application Messages that clients have published, by the QoS they came with.',
    label: 'qos',
    labelValues: QOS_LEVELS,
    read: ({ counters: { messagesReceived: all, messagesReceivedQos1: one, messagesReceivedQos2: two } }) => [
      ['0', all - one - two],
      ['1', one],
      ['2', two],
    ],
  },
  {
    name: 'busbar_messages_sent_total',
    type: 'counter',
    help: 'Application Messages that were written to clients, by the QoS they left with. Repetitions after a lost connection are not counted again.',
    label: 'qos',
    labelValues: QOS_LEVELS,
    read: ({ counters: { messagesSent: all, messagesSentQos1: one, messagesSentQos2: two } }) => [
      ['0', all - one - two],
      ['1', one],
      ['2', two],
    ],
  },
  {
    name: 'busbar_messages_matched_total',
    type: 'counter',
    help: 'Pairs of message and matching session: what should be delivered. It is the sum of what is delivered, waits, is in flight and is lost.',
    read: ({ counters }) => counters.messagesMatched,
  },
  {
    name: 'busbar_messages_delivered_total',
    type: 'counter',
    help: 'Deliveries that are done: QoS 0 written, QoS 1 and 2 taken over by the client.',
    read: ({ counters }) => counters.messagesDelivered,
  },
  {
    name: 'busbar_messages_lost_total',
    type: 'counter',
    help: 'Deliveries that did not take place, by the reason in the loss ledger.',
    label: 'reason',
    labelValues: LOSS_REASONS,
    read: ({ ledger }) => ledger.lossesByReason(),
  },
  {
    name: 'busbar_messages_refused_total',
    type: 'counter',
    help: 'Messages that came to nothing, or were not retained, and whose publishers could not be told, by reason.',
    label: 'reason',
    labelValues: REFUSAL_REASONS,
    read: ({ ledger }) => ledger.refusalsByReason(),
  },
  {
    name: 'busbar_delivery_seconds',
    type: 'histogram',
    help: 'From accepting a message to handing it to the socket of a receiver, waiting in its queue included; one message in 64, picked at random. What was read back from the disk is left out.',
    read: ({ deliveryTimes }) => deliveryTimes.histogram,
  },
  {
    name: 'busbar_queued_messages',
    type: 'gauge',
    help: 'Messages that wait in the queues of all sessions.',
    read: (_, { sweep }) => sweep.queued,
  },
  {
    name: 'busbar_queued_bytes',
    type: 'gauge',
    help: 'Bytes of the messages that wait in the queues of all sessions.',
    read: ({ queued }) => queued.byteLength,
  },
  {
    name: 'busbar_queue_longest_messages',
    type: 'gauge',
    help: 'Messages in the longest queue of a session.',
    read: (_, { sweep }) => sweep.longestQueue,
  },
  {
    name: 'busbar_sessions_waiting',
    type: 'gauge',
    help: 'Sessions for which messages wait.',
    read: (_, { sweep }) => sweep.sessionsWaiting,
  },
  {
    name: 'busbar_in_flight_messages',
    type: 'gauge',
    help: 'Deliveries of QoS 1 and 2 whose flow is not complete.',
    read: (_, { sweep }) => sweep.inFlight,
  },
  {
    name: 'busbar_retained_messages',
    type: 'gauge',
    help: 'Retained messages.',
    read: ({ retained }) => retained.size,
  },
  {
    name: 'busbar_retained_bytes',
    type: 'gauge',
    help: 'Bytes of the retained messages.',
    read: ({ retained }) => retained.byteLength,
  },
];
