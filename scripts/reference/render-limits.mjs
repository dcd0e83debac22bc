import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readInterface, readWords } from './read-declarations.mjs';
import { table } from './table.mjs';

const POLICIES = {
  'drop-oldest': 'The message that has waited longest is lost, and the new one waits.',
  'drop-newest': 'The new message is lost.',
  refuse:
    'The publisher is answered with 0x97, and nobody gets the message. At QoS 0 and below 5.0, where it cannot be told, the new message is lost.',
  disconnect:
    'A client that is connected and does not take its messages is cut off with 0x97. Of one that is away the message that has waited longest is lost.',
};

const RATE_POLICIES = {
  pause: 'It is not read until it is within its rate again: it feels back-pressure, and nothing is lost.',
  refuse:
    'What is too much is answered with 0x97. At QoS 0 and below 5.0, where it cannot be told, the message is lost, and counted as `rate-too-high`.',
  disconnect: 'It is cut off, with 0x96 where it can be told.',
};

const STRATEGIES = {
  roundRobin: 'Each member in turn.',
  random: 'Any member, all with the same probability.',
  sticky: 'The same member, until it takes no more.',
  leastInFlight: 'The member with the fewest unacknowledged messages.',
  hash: 'The same member for the same Topic Name, as long as the members stay the same.',
};

const UNITS = [
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
];

/**
 * The reference page of limits and capabilities, docs/reference/limits.md.
 * @param {string} root The repository's folder.
 * @param {{ LIMIT_BOUNDS: any, resolveLimits: () => any, resolveCapabilities: () => any }} config What `packages/broker/src/config` exports.
 */
export function renderLimits(root, { LIMIT_BOUNDS, resolveLimits, resolveCapabilities }) {
  const limitsSource = readConfig(root, 'limits.ts');
  const capabilitiesSource = readConfig(root, 'capabilities.ts');
  const limits = resolveLimits();
  const capabilities = resolveCapabilities();
  const limitRows = readInterface(limitsSource, 'BrokerLimits').map(({ name, description }) => {
    const range = LIMIT_BOUNDS[name] === undefined ? 'see below' : rangeOf(LIMIT_BOUNDS[name]);
    return [`\`${name}\``, defaultOf(name, limits[name]), range, description];
  });
  const capabilityRows = readInterface(capabilitiesSource, 'Capabilities').map(({ name, type, description }) => [
    `\`${name}\``,
    capabilities[name] === undefined ? 'none' : `\`${capabilities[name]}\``,
    typeOf(type),
    description.replace(/ Default: [^.;]+\.$/, '').replace(/; (?:see|default:) [^.;]+\.$/, '.'),
  ]);
  return `${[
    '# Limits and capabilities of the broker',
    '<!-- Made from packages/broker/src/config by scripts/generate-reference.mjs: change that, not this page. -->',
    `Whatever a client can make grow has a limit, a default, and an answer when the limit is reached. What of MQTT is offered at
all is told by capabilities. Both are options of \`createBroker\` ([embed the broker](../how-to/embed-the-broker.md)) and settings of
\`busbar.yaml\` ([configure the broker](../how-to/configure-the-broker.md)).`,
    ['```ts', ...EXAMPLE, '```'].join('\n'),
    `An unknown name, or a value out of its range, throws a \`UsageError\` that says what is allowed
([errors](errors.md)). Why the defaults are what they are: [decision 0006](../decisions/0006-default-limits.md).`,
    '## Limits',
    `Sizes are in bytes, times in milliseconds unless the name says otherwise. Hexadecimal numbers are
[Reason Codes](errors.md#reason-codes); a client of 3.1.1 cannot be told one, and is disconnected, or acknowledged, instead.`,
    table(['limit', 'default', 'range', 'what it bounds, and what happens'], limitRows),
    `The values of \`queuePolicy\`. What is lost is counted as \`queue-full\` in the
[loss ledger](../how-to/read-the-loss-ledger.md).`,
    table(['policy', 'what it does'], wordRows(POLICIES, readWords(limitsSource, 'const QUEUE_POLICIES'))),
    'The values of `ratePolicy`:',
    table(
      ['policy', 'what is done with the client'],
      wordRows(RATE_POLICIES, readWords(limitsSource, 'const RATE_POLICIES')),
    ),
    `How often each limit was reached is counted: \`busbar inspect stats\` (\`limitsReached\`), \`$SYS/broker/limits/...\` and the metric
\`busbar_limits_reached_total\`; the log has a line with the limit's name and who has reached it, at most once a second for each limit.
A running broker takes new limits over with \`busbar reload\` ([how](../how-to/bound-what-clients-may.md)); only \`maximumRoutes\` needs a
new start. What is done when there is too much of everything: [Overload](../explanation/overload.md).`,
    '## Capabilities',
    `A client of 5.0 is told with CONNACK what is missing. Every client is refused what it asks for nevertheless.`,
    table(['capability', 'default', 'values', 'meaning'], capabilityRows),
    'The values of `sharedSubscriptionStrategy`:',
    table(
      ['strategy', 'who gets the next message'],
      wordRows(STRATEGIES, readWords(capabilitiesSource, 'const SHARED_STRATEGIES')),
    ),
  ].join('\n\n')}\n`;
}

const EXAMPLE = `import { createBroker } from '@busbar/broker';

const broker = await createBroker({
  limits: { maximumQueuedMessages: 1_000, queuePolicy: 'drop-newest' },
  capabilities: { maximumQoS: 1 },
});`.split('\n');

/** @param {string} root @param {string} file */
function readConfig(root, file) {
  return readFileSync(path.join(root, 'packages/broker/src/config', file), 'utf8');
}

function defaultOf(name, value) {
  if (typeof value !== 'number') return `\`${value}\``;
  const [unit, label] = /Bytes|PacketSize/.test(name) ? (UNITS.find(([size]) => value % size === 0) ?? []) : [];
  return unit === undefined ? grouped(value) : `${grouped(value)} (${value / unit} ${label})`;
}

function rangeOf({ minimum, maximum }) {
  if (maximum === Number.MAX_SAFE_INTEGER) return `from ${grouped(minimum)}`;
  return `${grouped(minimum)} to ${grouped(maximum)}`;
}

/** `0 | 1 | 2` and `boolean` as they are written in a program; what has its own table or interface is only named. */
function typeOf(type) {
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'SharedStrategyName') return 'see below';
  if (type.startsWith('string')) return 'a text';
  if (type.startsWith('Redirection')) return '`{ serverReference, isPermanent }`';
  return type
    .split(' | ')
    .map((word) => `\`${word}\``)
    .join(', ');
}

/** @param {Record<string, string>} meanings @param {string[]} words Those that the source has. */
function wordRows(meanings, words) {
  for (const word of words) if (meanings[word] === undefined) throw new Error(`nobody has said what '${word}' means`);
  return words.map((word) => [`\`${word}\``, meanings[word]]);
}

function grouped(number) {
  return number.toLocaleString('en-US');
}
