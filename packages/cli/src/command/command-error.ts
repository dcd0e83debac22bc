/**
 * Ends a command: one line for stderr and the exit code. `wrongUsage` marks what was typed as the cause; then the line
 * also says where the help is, and the code is that of the command (see {@link CommandDefinition.usageExitCode}).
 */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What was typed is wrong. The message says what was expected and what came. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}
