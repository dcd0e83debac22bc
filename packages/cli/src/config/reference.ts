import { z } from 'zod';
import { MOSQUITTO_OPTIONS, type MosquittoOption } from './mosquitto/options.ts';
import { CONFIGURATION } from './schema.ts';

/** Part of a JSON schema, as far as the page needs it. */
interface Schema {
  /** Several where a value may be text or a number. */
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly additionalProperties?: Schema | false;
  readonly required?: readonly string[];
}

const MADE = (from: string) =>
  `<!-- Made from ${from} by scripts/generate-configuration-reference.mjs: change that, not this page. -->`;

/** docs/reference/configuration.md: every setting of a `busbar.yaml`. */
export function renderConfigurationReference(): string {
  const schema = z.toJSONSchema(CONFIGURATION, { io: 'input' }) as Schema;
  const rows = [...rowsOf(schema, '')].map(({ name, type, text }) => `| \`${name}\` | ${cell(type)} | ${cell(text)} |`);
  return `${[
    '# Settings of `busbar.yaml`',
    MADE('packages/cli/src/config/schema.ts'),
    'How to use them is told in [Configure the broker](../how-to/configure-the-broker.md). `busbar config schema` prints the same as a JSON schema, for editors. The environment has each setting in capitals behind `BUSBAR_` (`BUSBAR_LIMITS_MAXIMUM_CONNECTIONS`), the command line as `--set limits.maximumConnections=500`. What the limits are about stands on [their page](limits.md).',
    ['| setting | value | meaning |', '|---|---|---|', ...rows].join('\n'),
  ].join('\n\n')}\n`;
}

function* rowsOf(schema: Schema, name: string): Generator<{ name: string; type: string; text: string }> {
  const forms = formsOf(schema);
  const plain = forms.filter(({ properties, items, additionalProperties }) => {
    return properties === undefined && items === undefined && typeof additionalProperties !== 'object';
  });
  if (name !== '' && (plain.length > 0 || schema.description !== undefined)) {
    yield {
      name,
      type: [...new Set(forms.map(typeOf))].join(', or '),
      text: schema.description ?? forms[0]?.description ?? '',
    };
  }
  for (const form of forms) {
    for (const [key, child] of Object.entries(form.properties ?? {}))
      yield* rowsOf(child, name === '' ? key : `${name}.${key}`);
    const item = form.items;
    const isOfSettings = item !== undefined && formsOf(item).some(({ properties }) => properties !== undefined);
    if (isOfSettings) yield* rowsOf(item, `${name}[]`);
    if (typeof form.additionalProperties === 'object') {
      yield { name: `${name}.*`, type: typeOf(form.additionalProperties), text: schema.description ?? '' };
    }
  }
}

function formsOf(schema: Schema): readonly Schema[] {
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(formsOf);
}

function typeOf(schema: Schema): string {
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(', or ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ type })).join(', ');
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  const { minimum, maximum } = schema;
  if (schema.type === 'integer' || schema.type === 'number') return rangeOf(schema.type, minimum, maximum);
  if (schema.type === 'boolean') return '`true`, `false`';
  return schema.type === 'object' ? 'settings' : 'text';
}

function rangeOf(type: string, minimum: number | undefined, maximum: number | undefined): string {
  const noun = type === 'integer' ? 'whole number' : 'number';
  const lowest = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? ` from ${minimum}` : '';
  const highest = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? ` to ${maximum}` : '';
  return `${noun}${lowest}${highest}`;
}

/** docs/reference/mosquitto-conf.md: every option of mosquitto.conf, and what becomes of it. */
export function renderMosquittoReference(): string {
  const options = [...MOSQUITTO_OPTIONS].filter(([, { scope }]) => scope !== 'bridge');
  const bridge = [...MOSQUITTO_OPTIONS].filter(([, { scope }]) => scope === 'bridge').map(([name]) => `\`${name}\``);
  const table = (treatment: MosquittoOption['treatment'], head: string) => [
    `| option | ${head} |`,
    '|---|---|',
    ...options
      .filter(([, option]) => option.treatment === treatment)
      .map(([name, option]) => `| \`${name}\` | ${cell(noteOf(option))} |`),
  ];
  return `${[
    '# Options of `mosquitto.conf`',
    MADE('packages/cli/src/config/mosquitto/options.ts'),
    '`busbar broker -c mosquitto.conf` takes the file as it is. [Move from Mosquitto](../how-to/move-from-mosquitto.md) tells what is different. The options are those of Mosquitto 2.1.',
    '## Supported',
    table('supported', 'setting of `busbar.yaml`').join('\n'),
    '## Accepted, and without effect',
    'The broker says so when it starts.',
    table('noticed', 'why').join('\n'),
    '## Refused',
    'The broker does not start, and names file and line. A value in brackets is accepted, because it is what happens anyway.',
    table('refused', 'why').join('\n'),
    `Options that begin with \`plugin_opt_\` and \`auth_opt_\` belong to plugins and are refused with them. Those of bridges are refused as well: ${bridge.join(', ')}.`,
  ].join('\n\n')}\n`;
}

function noteOf({ note, harmless = [] }: MosquittoOption): string {
  return harmless.length === 0 ? note : `${note} (${harmless.map((value) => `\`${value}\``).join(', ')})`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*');
}
