import { decodePacket, encodePacket, PacketSplitter, PacketType, PublishView, utf8Fault } from '@busbar/codec';
import {
  BlockPool,
  InboundFlow,
  isValidTopicName,
  OutboundFlow,
  OutputBuffer,
  SubscriptionTree,
} from '@busbar/protocol';
import { Route } from '../../packages/broker/dist/router/route.js';
import { hashBytes, RouteCache } from '../../packages/broker/dist/router/route-cache.js';

const encoder = new TextEncoder();
const TOPIC = 'plant/hall3/line17/oven/temperature';
const PAYLOAD = new Uint8Array(64).fill(0x78);
const CHUNK = 65_536;
const USER_PROPERTIES = {
  userProperties: [
    ['unit', 'degC'],
    ['source', 'oven-17'],
  ],
};

/** What is measured: its name, and a function that makes what does it so many times. */
export const CASES = [
  ...[4, 5].flatMap((version) => codecCases(version)),
  {
    name: 'encode PUBACK',
    make: () => repeatEncode({ type: PacketType.puback, packetId: 7, reasonCode: 0, properties: {} }, 4),
  },
  { name: 'topic: UTF-8 and wildcard check', make: checkTopic },
  { name: 'route cache: hash', make: hashTopic },
  { name: 'route cache: hit among 1,000', make: () => findRoutes(1_000) },
  { name: 'route cache: hit among 10,000', make: () => findRoutes(10_000) },
  { name: 'match: exact filter among 10,000', make: () => matchExact(10_000) },
  { name: 'match: 1 of 10,000 + filters', make: () => matchSingle(10_000) },
  { name: 'match: nothing of 10,000 # filters', make: () => matchNothing(10_000) },
  { name: 'match: 100 subscribers of one filter', make: () => matchMany(100) },
  { name: 'outbox: 16 packets that follow each other', make: () => appendRanges(true) },
  { name: 'outbox: 16 packets from 16 places', make: () => appendRanges(false) },
  { name: 'flow: QoS 1 out, send and PUBACK', make: sendQos1 },
  { name: 'flow: QoS 2 out, send to PUBCOMP', make: sendQos2 },
  { name: 'flow: QoS 2 in, PUBLISH to PUBREL', make: receiveQos2 },
];

/** Results go here, so that nothing is optimised away; a number in memory of its own costs no allocation. */
const sink = new Int32Array(1);

function publish(version, qos = 0) {
  return {
    type: PacketType.publish,
    ...{ dup: false, qos, retain: false, topicName: TOPIC, packetId: qos === 0 ? 0 : 7, payload: PAYLOAD },
    properties: version === 5 ? USER_PROPERTIES : {},
  };
}

function codecCases(version) {
  const name = version === 5 ? '5.0 with 2 User Properties' : '3.1.1';
  return [
    { name: `split PUBLISH, ${name}`, make: () => splitChunk(version, () => {}) },
    { name: `split and view PUBLISH, ${name}`, make: () => splitChunk(version, viewOf(version)) },
    { name: `split and decode PUBLISH, ${name}`, make: () => splitChunk(version, decodeOf(version)) },
    { name: `encode PUBLISH, ${name}`, make: () => repeatEncode(publish(version), version) },
  ];
}

/** A chunk as a socket brings it, full of equal packets. */
function splitChunk(version, handle) {
  const packet = encodePacket(publish(version), version);
  const inChunk = Math.floor(CHUNK / packet.length);
  const chunk = new Uint8Array(inChunk * packet.length);
  for (let at = 0; at < inChunk; at++) chunk.set(packet, at * packet.length);
  const splitter = new PacketSplitter(1_000_000);
  return (count) => {
    let left = count;
    while (left > 0) {
      const packets = Math.min(left, inChunk);
      splitter.push(packets === inChunk ? chunk : chunk.subarray(0, packets * packet.length));
      while (splitter.next()) handle(splitter);
      left -= packets;
    }
    sink[0] += splitter.end;
  };
}

function viewOf(version) {
  const view = new PublishView();
  return ({ bytes, start, bodyStart, end }) => {
    view.read(bytes, start, bodyStart, end, version);
    sink[0] += view.propertiesEnd;
  };
}

function decodeOf(version) {
  return ({ bytes, start, bodyStart, end }) => {
    sink[0] += decodePacket(bytes[start], bytes, bodyStart, end, version).type;
  };
}

function repeatEncode(packet, version) {
  return (count) => {
    for (let i = 0; i < count; i++) sink[0] += encodePacket(packet, version).length;
  };
}

function checkTopic() {
  const bytes = encoder.encode(TOPIC);
  return (count) => {
    for (let i = 0; i < count; i++) {
      if (utf8Fault(bytes, 0, bytes.length) === undefined && isValidTopicName(TOPIC)) sink[0]++;
    }
  };
}

function hashTopic() {
  const bytes = encoder.encode(TOPIC);
  return (count) => {
    for (let i = 0; i < count; i++) sink[0] += hashBytes(bytes, 0, bytes.length);
  };
}

function findRoutes(routeCount) {
  const cache = new RouteCache(4 * routeCount);
  const topics = Array.from({ length: routeCount }, (_, at) =>
    encoder.encode(`plant/hall3/line${at}/oven/temperature`),
  );
  for (const bytes of topics) {
    const hash = hashBytes(bytes, 0, bytes.length);
    cache.add(new Route(new TextDecoder().decode(bytes), bytes, hash, undefined));
  }
  return (count) => {
    for (let i = 0; i < count; i++) {
      const bytes = topics[i % routeCount];
      if (cache.find(hashBytes(bytes, 0, bytes.length), bytes, 0, bytes.length) !== undefined) sink[0]++;
    }
  };
}

function treeOf(filters) {
  const tree = new SubscriptionTree();
  filters.forEach((filter, at) => {
    tree.set(filter, `client-${at}`, { qos: 0 });
  });
  return tree;
}

function repeatMatch(tree, topics, matches) {
  const visit = () => {
    sink[0]++;
  };
  let seen = 0;
  tree.match(topics[0], () => {
    seen++;
  });
  if (seen !== matches) throw new Error(`expected ${matches} matches, found ${seen}`);
  return (count) => {
    for (let i = 0; i < count; i++) tree.match(topics[i % topics.length], visit);
  };
}

const lines = (count, form) => Array.from({ length: count }, (_, at) => form(at));

function matchExact(count) {
  const topics = lines(count, (at) => `plant/line${at}/temperature`);
  return repeatMatch(treeOf(topics), topics, 1);
}

function matchSingle(count) {
  const topics = lines(count, (at) => `plant/line${at}/cell/temperature`);
  return repeatMatch(treeOf(lines(count, (at) => `plant/line${at}/+/temperature`)), topics, 1);
}

function matchNothing(count) {
  const topics = lines(100, (at) => `works/hall${at}/temperature`);
  return repeatMatch(treeOf(lines(count, (at) => `plant/line${at}/cell/#`)), topics, 0);
}

function matchMany(subscribers) {
  const tree = new SubscriptionTree();
  for (let at = 0; at < subscribers; at++) tree.set('plant/+/temperature', `client-${at}`, { qos: 0 });
  return repeatMatch(tree, ['plant/line1/temperature'], subscribers);
}

function appendRanges(inOrder) {
  const output = new OutputBuffer(new BlockPool());
  const packet = encodePacket(publish(4), 4);
  const bytes = new Uint8Array(16 * packet.length);
  const gone = { bufferedBytes: 0, write: (written) => (sink[0] += written.length), writeAll() {} };
  return (count) => {
    for (let i = 0; i < count; i++) {
      for (let at = 0; at < 16; at++) {
        const place = inOrder ? at : (at * 7) % 16;
        output.appendRange(bytes, place * packet.length, (place + 1) * packet.length);
      }
      output.flushTo(gone);
    }
  };
}

function flowWithWindow() {
  const flow = new OutboundFlow();
  flow.handleConnected(65_535);
  for (let at = 0; at < 20; at++) flow.send(PAYLOAD, 1); // as many are under way all the time
  return flow;
}

function sendQos1() {
  const flow = flowWithWindow();
  return (count) => {
    for (let i = 0; i < count; i++) if (flow.handlePuback(flow.send(PAYLOAD, 1)) !== undefined) sink[0]++;
  };
}

function sendQos2() {
  const flow = flowWithWindow();
  return (count) => {
    for (let i = 0; i < count; i++) {
      const packetId = flow.send(PAYLOAD, 2);
      if (flow.handlePubrec(packetId) && flow.handlePubcomp(packetId)) sink[0]++;
    }
  };
}

function receiveQos2() {
  const flow = new InboundFlow();
  return (count) => {
    for (let i = 0; i < count; i++) {
      const packetId = (i % 65_535) + 1;
      sink[0] += flow.handlePublish(2, packetId, 65_535);
      flow.accept(packetId);
      if (flow.handlePubrel(packetId)) sink[0]++;
    }
  };
}
