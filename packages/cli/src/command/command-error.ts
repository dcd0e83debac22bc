/**
 * Ends a command: one line for stderr, none when it is empty, and the exit code.
 */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What was typed is wrong. The message says what was expected and what came; the exit code is the command's. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}
