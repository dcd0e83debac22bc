import { UsageError } from '@busbar/codec';
import { topicFilterFault, topicNameFault } from '@busbar/protocol';

/** One level of a pattern: a text as it is, or a parameter. */
interface Level {
  readonly text: string;
  readonly isParameter: boolean;
  /** Whether it stands for all levels from here on. */
  readonly isRest: boolean;
}

/** Undefined comes from callers without types. */
type Values = Readonly<Record<string, string | undefined>> | undefined;

const PARAMETER = /^\{([A-Za-z_]\w*)(\.\.\.)?\}$/;

/** A Topic Name with parameters for whole levels: `plant/{line}/{machine}/temperature`, at the end also `{path...}`. */
export class TopicPattern {
  readonly #levels: readonly Level[];
  readonly #text: string;

  /** @throws {UsageError} It is no Topic Name with parameters. */
  constructor(text: string) {
    this.#text = text;
    this.#levels = text.split('/').map(levelOf);
    const names = this.#levels.filter(({ isParameter }) => isParameter).map((level) => level.text);
    const hasRestWithin = this.#levels.slice(0, -1).some(({ isRest }) => isRest);
    const hasBrace = this.#levels.some((level) => !level.isParameter && /[{}]/.test(level.text));
    if (new Set(names).size < names.length) throw this.#fault('a parameter stands in it twice');
    if (hasRestWithin) throw this.#fault('a parameter with ... can only stand at its end');
    if (hasBrace) throw this.#fault('a parameter is a whole level, such as {line}');
    const fault = topicNameFault(text);
    if (fault !== undefined) throw this.#fault(fault);
  }

  /** The Topic Name with these values. @throws {UsageError} One is missing, or is not one level. */
  name(values: Values): string {
    const name = this.#levels.map((level) => (level.isParameter ? this.#valueOf(level, values) : level.text)).join('/');
    const fault = topicNameFault(name);
    if (fault !== undefined) throw new UsageError('topic-name-invalid', fault);
    return name;
  }

  /** The Topic Filter with these values, and wildcards for those that are not given. @throws {UsageError} One is not one level. */
  filter(values: Values): string {
    const levels = this.#levels.map((level) => {
      if (!level.isParameter) return level.text;
      if (valueIn(values, level) !== undefined) return this.#valueOf(level, values);
      return level.isRest ? '#' : '+';
    });
    const filter = levels.join('/');
    const fault = topicFilterFault(filter);
    if (fault !== undefined) throw new UsageError('topic-filter-invalid', fault);
    return filter;
  }

  /** The values in a Topic Name; undefined when it is not of this pattern. */
  parse(topicName: string): Record<string, string> | undefined {
    const parts = topicName.split('/');
    const last = this.#levels.at(-1);
    if (last?.isRest ? parts.length < this.#levels.length : parts.length !== this.#levels.length) return undefined;
    const values: [string, string][] = [];
    for (const [at, level] of this.#levels.entries()) {
      const part = parts[at] ?? '';
      if (!level.isParameter && part !== level.text) return undefined;
      if (level.isParameter) values.push([level.text, level.isRest ? parts.slice(at).join('/') : part]);
    }
    return Object.fromEntries(values);
  }

  #valueOf(level: Level, values: Values): string {
    const { text, isRest } = level;
    const value = valueIn(values, level);
    const isLevel = typeof value === 'string' && !/[+#]/.test(value) && (isRest || !value.includes('/'));
    if (isLevel) return value;
    throw new UsageError(
      'topic-parameter-invalid',
      `'${text}' of '${this.#text}' must be ${isRest ? 'levels' : 'one level'}`,
    );
  }

  #fault(why: string): UsageError {
    return new UsageError('topic-pattern-invalid', `'${this.#text}' is no pattern of a topic: ${why}`);
  }
}

/** A parameter may be called as what every object has, such as `constructor`. */
function valueIn(values: Values, { text }: Level): string | undefined {
  return Object.hasOwn(values ?? {}, text) ? values?.[text] : undefined;
}

function levelOf(text: string): Level {
  const [, name, dots] = PARAMETER.exec(text) ?? [];
  return {
    text: name ?? text,
    isParameter: name !== undefined,
    isRest: dots !== undefined,
  };
}
