/** How to join in, for the last lines of the dashboard. */
export interface HintOptions {
  readonly host: string;
  readonly port: number;
  /** The usual port was taken, so this is another one. */
  readonly isOnOtherPort: boolean;
  /** How the command is typed: in a checkout `npx busbar`. */
  readonly command: string;
}

/** The command as it is typed where npm has started us, or where it is installed. */
export function commandName({ npm_lifecycle_event: script }: NodeJS.ProcessEnv): string {
  return script === undefined ? 'busbar' : 'npx busbar';
}

/** The lines that say how to join in. */
export function hintsFor({ host, port, isOnOtherPort, command }: HintOptions): string[] {
  const hostFlag = host === 'localhost' ? '' : ` -h ${host}`;
  const portFlag = port === 1883 ? '' : ` -p ${port}`;
  const taken = isOnOtherPort ? ' (1883 was taken)' : '';
  return [
    `Look in: ${command} sub${hostFlag}${portFlag} -t 'plant/#' -v`,
    `Join in: ${command} pub${hostFlag}${portFlag} -t hello -m world; any MQTT client: ${host}:${port}${taken}`,
  ];
}
