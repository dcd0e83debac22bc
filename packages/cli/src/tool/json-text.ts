/**
 * JSON as mosquitto's `%j` and `%J` print it: what comes is written anew with its members in their order, numbers in C's
 * shortest form, and, when pretty, tabs.
 */
export class JsonWriter {
  readonly #isPretty: boolean;

  constructor(isPretty: boolean) {
    this.#isPretty = isPretty;
  }

  /** An object of members that are JSON already, for {@link depth} tabs inside. */
  object(members: readonly (readonly [name: string, json: string])[], depth: number): string {
    if (!this.#isPretty) return `{${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
    const tabs = '\t'.repeat(depth + 1);
    const lines = members.map(([name, json]) => `${tabs}${JSON.stringify(name)}:\t${json}`);
    return `{\n${lines.length === 0 ? '' : `${lines.join(',\n')}\n`}${'\t'.repeat(depth)}}`;
  }

  array(items: readonly string[]): string {
    return `[${items.join(this.#isPretty ? ', ' : ',')}]`;
  }

  /** Writes anew what is JSON. @returns Undefined when it is none. */
  rewrite(text: string, depth: number): string | undefined {
    const reader = new JsonReader(text, this);
    return reader.readWhole(depth);
  }
}

/** A string's inside: anything but quotation marks and backslashes, or a backslash with what follows. */
const TEXT = '(?:[^"\\\\]|\\\\.)*';
const NUMBER = '-?\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?';
const TOKEN = new RegExp(`[ \\t\\n\\r]*(?:[[\\]{},:]|"${TEXT}"|${NUMBER}|true|false|null)`, 'ys');
const REST = /[ \t\n\r]*$/y;
const DEEPEST = 1000;

/** One pass over a text; what is read is written at once. */
class JsonReader {
  readonly #text: string;
  readonly #writer: JsonWriter;
  readonly #token = new RegExp(TOKEN);
  #at = 0;

  constructor(text: string, writer: JsonWriter) {
    this.#text = text;
    this.#writer = writer;
  }

  readWhole(depth: number): string | undefined {
    try {
      const json = this.#readValue(this.#next(), depth);
      const rest = new RegExp(REST);
      rest.lastIndex = this.#at;
      return rest.test(this.#text) ? json : undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  #next(): string {
    this.#token.lastIndex = this.#at;
    const found = this.#token.exec(this.#text);
    if (found === null) throw new SyntaxError('no JSON');
    this.#at = this.#token.lastIndex;
    return found[0].trimStart();
  }

  #readValue(token: string, depth: number): string {
    if (depth > DEEPEST) throw new SyntaxError('too deep');
    if (token === '{') return this.#readObject(depth);
    if (token === '[') return this.#readArray(depth);
    if (token.startsWith('"')) return JSON.stringify(readText(token));
    if (/^[-\d]/.test(token)) return formatNumber(Number(token));
    if (/^[tfn]/.test(token)) return token;
    throw new SyntaxError('no value');
  }

  #readObject(depth: number): string {
    const members: [string, string][] = [];
    let token = this.#next();
    while (token !== '}') {
      if (members.length > 0) {
        if (token !== ',') throw new SyntaxError('no comma');
        token = this.#next();
      }
      if (!token.startsWith('"') || this.#next() !== ':') throw new SyntaxError('no member');
      members.push([readText(token), this.#readValue(this.#next(), depth + 1)]);
      token = this.#next();
    }
    return this.#writer.object(members, depth);
  }

  #readArray(depth: number): string {
    const items: string[] = [];
    let token = this.#next();
    while (token !== ']') {
      if (items.length > 0) {
        if (token !== ',') throw new SyntaxError('no comma');
        token = this.#next();
      }
      items.push(this.#readValue(token, depth + 1));
      token = this.#next();
    }
    return this.#writer.array(items);
  }
}

/** A string, also one with line feeds and the like in it, which JSON forbids and cJSON takes. */
function readText(token: string): string {
  const parts = token.slice(1, -1).split(/(\p{Cc})/u);
  const proper = parts.map((part) => (/^\p{Cc}$/u.test(part) ? JSON.stringify(part).slice(1, -1) : part));
  return JSON.parse(`"${proper.join('')}"`) as string;
}

/** As C's `%1.15g` does it, or `%1.17g` where that would lose something. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  const short = general(value, 15);
  return Number(short) === value ? short : general(value, 17);
}

function general(value: number, digits: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', exponent = '0'] = value.toExponential(digits - 1).split('e');
  const power = Number(exponent);
  if (power < -4 || power >= digits) {
    const sign = power < 0 ? '-' : '+';
    return `${withoutZeros(mantissa)}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return withoutZeros(value.toFixed(Math.max(0, digits - 1 - power)));
}

function withoutZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
