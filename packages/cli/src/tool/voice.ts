import type { Tool } from './tool-settings.ts';

/**
 * In whose words a tool speaks: in mosquitto's, to the letter, when it is called by the name of mosquitto's tool, so that
 * whatever reads the output goes on working; in our own otherwise.
 */
export class Voice {
  readonly tool: Tool;
  readonly isMosquitto: boolean;
  #isQuiet = false;

  constructor(tool: Tool, isMosquitto: boolean) {
    this.tool = tool;
    this.isMosquitto = isMosquitto;
  }

  /** `--quiet`: nothing but wrong usage is told from now on. */
  hush(isQuiet: boolean): void {
    this.#isQuiet = isQuiet;
  }

  /** A line on stderr, in both wordings; `undefined`: nothing in that voice. */
  tell(theirs: string | undefined, ours: string | undefined): void {
    const line = this.isMosquitto ? theirs : ours;
    if (line !== undefined && !this.#isQuiet) process.stderr.write(`${line}\n`);
  }
}
