import { WrongUsage } from '../command/command-error.ts';

/**
 * What was typed after `pub`, `sub` or `rr` is wrong, in both voices: the lines that mosquitto's tool prints, for the links
 * that bear its name, and one line of our own.
 */
export class ToolUsage extends WrongUsage {
  /** Mosquitto's own words, with their line feeds. */
  readonly theirs: string;

  /** @param ours What was expected and what came, in one line. */
  constructor(theirs: string, ours: string) {
    super(ours);
    this.theirs = theirs;
  }
}

/** `--help` or `--version` was asked for: nothing else is to be done. */
export class ToolQuestion extends Error {
  readonly asked: 'help' | 'version';

  constructor(asked: 'help' | 'version') {
    super(asked);
    this.asked = asked;
  }
}
