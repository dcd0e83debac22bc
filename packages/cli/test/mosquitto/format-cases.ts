import { messages, one, publish, sub, type ToolCase } from './tool-case.ts';

const EVERY_PROPERTY = [
  ...['01', '01'], // payload format indicator
  ...['02', '0000003c'], // message expiry interval
  ...['03', '0004', Buffer.from('text').toString('hex')],
  ...['08', '0001', Buffer.from('r').toString('hex')],
  ...['09', '0002', Buffer.from('cd').toString('hex')],
  ...['26', '0001', Buffer.from('k').toString('hex'), '0001', Buffer.from('v').toString('hex')],
  ...['0b', '05'],
  ...['26', '0001', Buffer.from('x').toString('hex'), '0001', Buffer.from('y').toString('hex')],
].join('');
const full = messages(publish('a/b', 'hello', { qos: 1, properties: EVERY_PROPERTY }));
const fullPlain = messages(publish('a/b', 'hello', { properties: EVERY_PROPERTY }));

const formatted = (format: string, ...more: string[]): ToolCase => sub(one, '-F', format, ...more);

const hexWidth: ToolCase['differs'] = { in: ['stdout'], why: '2.0 cuts hexadecimal by its digits' };
const userProperties: ToolCase['differs'] = {
  in: ['stdout'],
  why: '2.1 keeps user properties apart that have one name',
};

/** How a message is printed. */
export const FORMAT_CASES: readonly ToolCase[] = [
  ...['%t', '%p', '%l', '%m', '%q', '%r', '%x', '%X', '%%', '%A', '%C', '%D', '%E', '%F', '%P', '%R', '%S'].map(
    (field) => formatted(`<${field}>`),
  ),
  ...[
    '%20t',
    '%-20t',
    '%2t',
    '%20p',
    '%-20p',
    '%2p',
    '%020p',
    '%5l',
    '%-5l',
    '%05l',
    '%-05l',
    '%5C',
    '%05E',
    '%3A',
    '%.2t',
    '%10.2t',
    '%-10.2t',
    '%5q',
    '%5r',
    '%5m',
  ].map((field) => formatted(`<${field}>`)),
  ...['%20x', '%-20x', '%020x', '%3x', '%8X'].map((field) => ({ ...formatted(`<${field}>`), differs: hexWidth })),
  formatted('@Y-@m-@d @A @a @B @b @j @u @w @U @V @W @G @g @C @y @e @D @F @p @% @@ @n @t @Z @z'),
  formatted('\\n\\t\\r\\a\\e\\v\\0\\\\'),
  formatted('@q @E @ @! @é'),
  formatted('größe %t', '-N'),
  formatted('%t %p', '-v'),
  sub(full, '-V', '5', '-F', '%A|%C|%D|%E|%F|%P|%R|%S|%10C|%05E|%3F|%10R', '-q', '1'),
  // JSON
  sub(one, '-F', '%j'),
  sub(one, '-F', '%j', '--pretty'),
  { ...sub(full, '-V', '5', '-F', '%j', '-q', '1'), differs: userProperties },
  { ...sub(fullPlain, '-V', '5', '-F', '%j', '--pretty'), differs: userProperties },
  sub(
    messages(publish('a/b', 'x', { properties: '01010200000005030001610900026364', qos: 1 })),
    '-V',
    '5',
    '-F',
    '%j',
    '--pretty',
    '-q',
    '1',
  ),
  ...[
    '{"a": 27.0, "b":[1,2,{"c":null}], "2":1e-7, "1":{}, "e":[], "u":"\\u00e9\\/\\u0001"}',
    '[]',
    '[[1],[2]]',
    '1.10',
    'x',
    '',
    '{"a":1} ',
    ' 0.1',
    '123456789012345678',
    '1e400',
    'true',
    '"text"',
    '{"a":1,"a":2}',
    '-0.000123',
    '12345678.5',
    '{"a":{"b":{}}}',
    '[1,]',
    '{"a" 1}',
    '"\n"',
  ].flatMap((payload) => [
    sub(messages(publish('a/b', payload)), '-F', '%J'),
    sub(messages(publish('a/b', payload)), '-F', '%J', '--pretty'),
    sub(messages(publish('a/b', payload)), '-F', '%j'),
  ]),
  sub(
    messages(publish('a/b', Uint8Array.of(0x22, 0x5c, 0x08, 0x0c, 0x0a, 0x0d, 0x09, 0x1f, 0x7f, 0xc3, 0xa4, 0x2f))),
    '-F',
    '%j',
  ),
  sub(messages(publish('a/b', Uint8Array.of(0x61, 0xff, 0x62, 0, 0x63))), '-F', '%j'),
  sub(messages(publish('größe', 'x')), '-F', '%j'),
];
