import { HEX_SEPARATORS } from './format-check.ts';
import { jsonBytes, messageAsJson, NoJsonError } from './json-format.ts';
import type { MessageFormat, PrintedMessage } from './printed-message.ts';
import { type Moment, momentNow, strftime } from './strftime.ts';

/** Width, alignment and the rest that may stand between `%` and a field's letter. */
interface Padding {
  readonly width: number;
  /** -1: none given. */
  readonly precision: number;
  readonly separator: string;
  readonly isLeft: boolean;
  readonly pad: string;
}

interface Printing {
  readonly message: PrintedMessage;
  readonly moment: Moment;
  readonly isPretty: boolean;
  readonly tellError: (line: string) => void;
}

/** A part of a format: text, or a field that depends on the message. */
type Part = (printing: Printing) => Uint8Array | string;

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\',
  '0': '\0',
  a: '\x07',
  e: '\x1b',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/**
 * Compiles a format of `-F`, which {@link checkFormat} has found right, once for all messages.
 *
 * @param tellError Takes a line for stderr: a payload that is not what a field wants.
 */
export function compileFormat(
  format: string,
  { isPretty, hasLineEnd }: { isPretty: boolean; hasLineEnd: boolean },
  tellError: (line: string) => void,
): MessageFormat {
  const parts = [...partsOf(format)];
  const end = Buffer.from(hasLineEnd ? '\n' : '');
  return (message) => {
    const printing = { message, moment: momentNow(), isPretty, tellError };
    return [...parts.map((part) => bytesOf(part(printing))), end];
  };
}

function bytesOf(text: Uint8Array | string): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text;
}

function* partsOf(format: string): Iterable<Part> {
  const pattern = /%(-?)(0?)(\d*)(?:(\.\d*)([^A-Za-z0-9%]?))?([A-Za-z%])|@(.)|\\(.)|([^%@\\]+)/gsu;
  for (const [, minus, zero, width, precision, separator = '', field, time, escaped, text] of format.matchAll(
    pattern,
  )) {
    if (text !== undefined) yield () => text;
    else if (escaped !== undefined) yield () => ESCAPES[escaped] ?? '';
    else if (time !== undefined) yield timePart(time);
    else {
      const given = HEX_SEPARATORS.includes(separator) ? separator : '';
      yield fieldPart(field ?? '', {
        width: Number(width || 0),
        precision: precision === undefined ? -1 : Number(precision.slice(1)),
        separator: given || ' ',
        isLeft: minus === '-',
        pad: zero === '0' ? '0' : ' ',
      });
    }
  }
}

/** A letter that the C library does not know stays what it is. */
function timePart(letter: string): Part {
  if (letter === '@') return () => '@';
  if (letter === 'N') return ({ moment }) => nanoseconds(moment);
  return ({ moment }) => strftime(letter, moment.date) ?? `%${letter}`;
}

function nanoseconds(moment: Moment): string {
  return String(moment.nanoseconds).padStart(9, '0');
}

function fieldPart(field: string, padding: Padding): Part {
  const number = (read: (message: PrintedMessage) => number | undefined): Part => {
    return ({ message }) => {
      const value = read(message);
      return value === undefined ? padding.pad.repeat(padding.width) : padNumber(value, padding);
    };
  };
  switch (field) {
    case '%':
      return () => '%';
    case 'A':
      return number(({ properties }) => properties.topicAlias);
    case 'C':
      return ({ message: { properties } }) =>
        properties.contentType === undefined
          ? padding.pad.repeat(padding.width)
          : padText(properties.contentType, padding);
    case 'D':
      return ({ message: { properties } }) => properties.correlationData ?? '';
    case 'E':
      return number(({ properties }) => properties.messageExpiryInterval);
    case 'F':
      return number(({ properties }) => properties.payloadFormatIndicator);
    case 'I':
      return ({ moment: { date } }) =>
        padText(`${strftime('F', date)}T${strftime('T', date)}${strftime('z', date)}`, padding);
    case 'j':
    case 'J':
      return (printing) => jsonPart(printing, field === 'j');
    case 'l':
      return number(({ payload }) => payload.length);
    case 'm':
      return number(({ packetId }) => packetId);
    case 'P':
      return ({ message: { properties } }) =>
        (properties.userProperties ?? []).map(([name, value]) => `${name}:${value}`).join(' ');
    case 'p':
      return ({ message: { payload } }) => padPayload(payload, padding);
    case 'q':
      return ({ message: { qos } }) => String(qos);
    case 'R':
      return ({ message: { properties } }) =>
        properties.responseTopic === undefined ? '' : padText(properties.responseTopic, padding);
    case 'r':
      return ({ message: { retain } }) => (retain ? '1' : '0');
    case 'S':
      return number(({ properties }) => properties.subscriptionIdentifiers?.[0]);
    case 't':
      return ({ message: { topicName } }) => padText(topicName, padding);
    case 'U':
      return ({ moment }) => `${strftime('s', moment.date)}.${nanoseconds(moment)}`;
    case 'x':
    case 'X':
      return ({ message: { payload } }) => hexPayload(payload, field === 'X', padding);
    default:
      return (printing) => floatPart(printing, field, padding);
  }
}

function jsonPart({ message, moment, isPretty, tellError }: Printing, isEscaped: boolean): Uint8Array {
  try {
    return jsonBytes(messageAsJson(message, moment, { isEscaped, isPretty }));
  } catch (error) {
    if (!(error instanceof NoJsonError)) throw error;
    tellError(error.message);
    return Buffer.alloc(0);
  }
}

/** `%f` and `%d`: the payload as a number of IEEE 754, in the order of this machine. */
function floatPart({ message: { payload }, tellError }: Printing, field: string, padding: Padding): string {
  const [byteLength, name] = field === 'f' ? [4, 'float'] : [8, 'double'];
  if (payload.length !== byteLength) {
    tellError(`requested ${name} printing, but non-${name} data received`);
    return '';
  }
  const view = new DataView(payload.buffer, payload.byteOffset, byteLength);
  const value = field === 'f' ? view.getFloat32(0, true) : view.getFloat64(0, true);
  return padDigits(value.toFixed(padding.precision < 0 ? 6 : padding.precision), padding);
}

function padNumber(value: number, padding: Padding): string {
  return padDigits(String(value | 0), padding);
}

function padDigits(digits: string, { width, isLeft, pad }: Padding): string {
  if (isLeft) return digits.padEnd(width);
  if (pad !== '0' || !digits.startsWith('-')) return digits.padStart(width, pad);
  return `-${digits.slice(1).padStart(width - 1, '0')}`;
}

/** Width and precision count bytes, as C's `%*.*s` does. */
function padText(text: string, { width, precision, isLeft }: Padding): Uint8Array {
  const whole = Buffer.from(text);
  const bytes = precision < 0 ? whole : whole.subarray(0, precision);
  const blanks = Buffer.alloc(Math.max(0, width - bytes.length), ' ');
  return Buffer.concat(isLeft ? [bytes, blanks] : [blanks, bytes]);
}

function padPayload(payload: Uint8Array, { width, isLeft, pad }: Padding): Uint8Array {
  if (width === 0) return payload;
  const bytes = payload.subarray(0, width);
  const count = Math.max(0, width - bytes.length);
  if (isLeft) return Buffer.concat([bytes, Buffer.alloc(count, ' ')]);
  return Buffer.concat([Buffer.alloc(count, pad), bytes]);
}

/** Digits with a separator after so many of them as the precision says; the width counts bytes of the payload at most. */
function hexPayload(
  payload: Uint8Array,
  isUpper: boolean,
  { width, precision, separator, isLeft, pad }: Padding,
): string {
  const bytes = width > 0 ? payload.subarray(0, width) : payload;
  const lower = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
  const digits = isUpper ? lower.toUpperCase() : lower;
  const count = Math.max(0, width - digits.length);
  const left = isLeft ? '' : pad.repeat(count);
  const right = isLeft ? ' '.repeat(count) : '';
  return `${separated(left + digits, precision, separator)}${right}`;
}

function separated(digits: string, precision: number, separator: string): string {
  if (precision <= 0) return digits;
  return digits.replace(new RegExp(`.{${precision}}(?=.)`, 'gs'), (group) => group + separator);
}
