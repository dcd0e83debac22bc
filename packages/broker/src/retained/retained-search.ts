import type { ApplicationMessage, TopicMatches } from '@busbar/protocol';
import type { RetainSources } from './retain-sources.ts';
import type { RetainedMessage } from './retained-message.ts';

/** One search through the retained messages, in steps of bounded length. */
export class RetainedSearch {
  readonly #matches: TopicMatches<RetainedMessage>;
  readonly #sources: RetainSources;
  readonly #remove: (topicName: string) => void;
  #isDone = false;

  constructor(matches: TopicMatches<RetainedMessage>, sources: RetainSources, remove: (topicName: string) => void) {
    this.#matches = matches;
    this.#sources = sources;
    this.#remove = remove;
  }

  /** Whether everything has been found. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** The next message; undefined at the end, or when so many topics had to be looked at without finding one. */
  next(maximumTopics: number, now: number): ApplicationMessage | undefined {
    const match = this.#matches.nextWithin(maximumTopics);
    if (match === undefined) return undefined;
    if (match.done === true) {
      this.#isDone = true;
      return undefined;
    }
    const [topicName, retained] = match.value;
    if (retained.expiresAt > now) return this.#awaken(retained);
    this.#remove(topicName);
    return undefined;
  }

  #awaken({ message, source }: RetainedMessage): ApplicationMessage {
    if (source !== undefined) this.#sources.rememberSource(message, source);
    return message;
  }
}
