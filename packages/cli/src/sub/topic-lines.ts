/** `--watch`: each topic has a line of the terminal for itself, in the order in which topics come. */
export class TopicLines {
  readonly #host: string;
  readonly #lines = new Map<string, number>();
  #next = 2;

  constructor(host: string) {
    this.#host = host;
  }

  begin(): Uint8Array {
    return Buffer.from(`\x1b[2J\x1b[1;1HBroker: ${this.#host}\n`);
  }

  goTo(topicName: string): Uint8Array {
    let line = this.#lines.get(topicName);
    if (line === undefined) {
      line = this.#next;
      this.#next += 1;
      this.#lines.set(topicName, line);
    }
    return Buffer.from(`\x1b[${line};1H`);
  }

  goBelow(): Uint8Array {
    return Buffer.from(`\x1b[${this.#next - 1};1H\n`);
  }
}
