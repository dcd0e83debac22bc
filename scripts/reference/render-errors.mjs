import { collectErrorCodes } from './error-codes.mjs';
import * as meanings from './error-meanings.mjs';
import { table } from './table.mjs';

/** The packets that carry a Reason Code, as the standard's table 2-6 names them. */
const PACKETS = ['connack', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'suback', 'unsuback', 'disconnect', 'auth'];

/**
 * The reference page of errors, docs/reference/errors.md.
 * @param {string} root The repository's folder.
 * @param {{ ReasonCode: Record<string, number>, describeReasonCode: (code: number) => string,
 *   isReasonCodeOf: (type: number, code: number) => boolean, PacketType: Record<string, number> }} codec
 * @throws {Error} A code of the sources has no meaning, or a meaning no code.
 */
export function renderErrors(root, codec) {
  const codes = collectErrorCodes(root);
  if (codes.uncertain.length > 0) throw new Error(`whose code is it?\n${codes.uncertain.join('\n')}`);
  return `${[
    '# Errors and Reason Codes',
    '<!-- Made from the sources and scripts/reference/error-meanings.mjs by scripts/generate-reference.mjs. -->',
    `Every error that a program gets from Busbar's libraries has a stable \`code\` to branch on, and a message for people that
says what was expected and what came. Its class says whose fault it was:`,
    table(
      ['class', 'of package', 'whose fault'],
      [
        ['[`UsageError`](#usageerror)', 'all', "the program's that calls: mend it, trying again does not help"],
        ['[`TransportError`](#transporterror)', '`transport`', "the network's or the operating system's"],
        ['[`ClientError`](#clienterror) and others', '`client`', "the world's: no connection, a full queue, a refusal"],
        ['[`PacketError`](#packeterror)', '`codec`', "the peer's: it broke the wire format"],
      ],
    ),
    ['```ts', ...EXAMPLE, '```'].join('\n'),
    `The codes with which the command \`busbar\` ends are on [another page](exit-codes.md).`,
    '## UsageError',
    table(
      ['code', 'what is wrong', 'package'],
      [...codes.usage].map(([code, packages]) => [
        `\`${code}\``,
        meaningOf(meanings.USAGE_ERRORS, code),
        packages.map((name) => `\`${name}\``).join(', '),
      ]),
    ),
    '## TransportError',
    `\`code\` is the system's or Node's own where there is one. These are the codes that Busbar itself uses, and the most frequent
others; what is not here, such as OpenSSL's codes for a certificate that is not trusted, comes through unchanged.`,
    rowsOf(['code', 'what it means'], transportCodes(codes), meanings.TRANSPORT_ERRORS),
    '## ClientError',
    table(
      ['code', 'when it comes', 'what to do'],
      codes.client.map((code) => [`\`${code}\``, ...meaningOf(meanings.CLIENT_ERRORS, code)]),
    ),
    'What the server says no to has a class of its own, with a `reasonCode` ([below](#reason-codes)):',
    table(
      ['class', 'code', 'meaning'],
      Object.entries(meanings.CLIENT_CLASSES).map(([name, meaning]) => {
        const code = name === 'ConnectionEndedError' ? 'see below' : `\`${codeOf(codes.classes, name)}\``;
        return [`\`${name}\``, code, meaning];
      }),
    ),
    'How a connection ended, as the `code` of `ConnectionEndedError`:',
    rowsOf(['code', 'meaning'], codes.ends, meanings.CONNECTION_ENDS),
    '## PacketError',
    `Thrown by the codec only. Clients and brokers turn it into the end of the connection, with its \`reasonCode\`; \`statement\` is the
number of the rule of the standard that was broken, where there is one.`,
    rowsOf(['code', 'meaning'], codes.packet, meanings.PACKET_ERRORS),
    '## Reason Codes',
    `Every Reason Code of MQTT 5.0, with the name that it has in \`ReasonCode\`, the packets that may carry it, and when Busbar's
broker sends it. \`describeReasonCode(0x97)\` is \`${codec.describeReasonCode(0x97)}\`. Below 5.0 only CONNACK and SUBACK can tell of a failure; there, other
failures end the connection or are acknowledged like a success, and the broker's log has the reason.`,
    table(['code', 'name', 'packets', "Busbar's broker sends it when"], reasonCodeRows(codec)),
  ].join('\n\n')}\n`;
}

const EXAMPLE = `import { ClientError, connect, ConnectionRefusedError, TransportError } from '@busbar/client';

try {
  const client = await connect('mqtt://localhost:1883');
  await client.publish('plant/pump-7/state', 'running', { qos: 1 });
  await client.end();
} catch (error) {
  if (error instanceof TransportError && error.code === 'ECONNREFUSED') console.error('no broker is running');
  else if (error instanceof ConnectionRefusedError) console.error(\`not let in: \${error.reasonCode}\`);
  else if (error instanceof ClientError) console.error(error.code);
  else throw error;
}`.split('\n');

/** Those that the sources name, and those that everybody meets. */
function transportCodes({ transport }) {
  return [...new Set([...transport, ...Object.keys(meanings.TRANSPORT_ERRORS)])].sort();
}

function rowsOf(head, codes, meaningByCode) {
  return table(
    head,
    codes.map((code) => [`\`${code}\``, meaningOf(meaningByCode, code)]),
  );
}

function meaningOf(meaningByCode, code) {
  const meaning = meaningByCode[code];
  if (meaning === undefined)
    throw new Error(`nobody has said what '${code}' means (scripts/reference/error-meanings.mjs)`);
  return meaning;
}

function codeOf(classes, name) {
  const code = classes.get(name);
  if (code === undefined) throw new Error(`the client has no error class ${name} with a code of its own`);
  return code;
}

function reasonCodeRows({ ReasonCode, isReasonCodeOf, PacketType }) {
  const namesByCode = new Map();
  for (const [name, code] of Object.entries(ReasonCode))
    namesByCode.set(code, [...(namesByCode.get(code) ?? []), name]);
  return [...namesByCode].map(([code, names]) => {
    const packets = PACKETS.filter((packet) => isReasonCodeOf(PacketType[packet], code)).map((each) =>
      each.toUpperCase(),
    );
    const sent = meanings.SENT_BY_THE_BROKER[names[0]] ?? (code < 0x80 ? '' : 'never');
    const hex = `0x${code.toString(16).padStart(2, '0').toUpperCase()}`;
    return [hex, names.map((name) => `\`${name}\``).join(', '), packets.join(', '), sent];
  });
}
