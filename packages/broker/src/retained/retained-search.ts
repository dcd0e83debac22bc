import type { ApplicationMessage, TopicMatches } from '@busbar/protocol';

/** One search through the retained messages, in steps of bounded length. */
export class RetainedSearch {
  readonly #matches: TopicMatches<ApplicationMessage>;
  readonly #remove: (topicName: string) => void;
  #isDone = false;

  constructor(matches: TopicMatches<ApplicationMessage>, remove: (topicName: string) => void) {
    this.#matches = matches;
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
    const [topicName, message] = match.value;
    if (!message.isExpired(now)) return message;
    this.#remove(topicName);
    return undefined;
  }
}
