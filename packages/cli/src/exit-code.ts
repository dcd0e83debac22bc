import { constants } from 'node:os';

/**
 * The exit codes of `busbar`, as docs/reference/exit-codes.md tells them. `pub` and `sub` end with the codes of
 * mosquitto_pub and mosquitto_sub; beside these, a CONNECT that the server refuses ends with the code of its CONNACK.
 */
export const ExitCode = {
  success: 0,
  /** It could not be done. `pub` and `sub` use it for wrong usage too, as mosquitto's tools do. */
  failure: 1,
  /** Wrong usage of every other command. */
  usage: 2,
  /** `broker`: a mosquitto.conf that is wrong, as Mosquitto ends with it. */
  invalidConf: 3,
  /** `bench`: what was measured breaks a limit of `--fail-if`. */
  limitBroken: 3,
  /** The connection was lost and could not be had back. */
  connectionLost: 7,
  /** The time given with `-W` is over. */
  timeout: 27,
} as const;

/** What a shell reports of a program that a signal ended. */
export function signalExitCode(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): number {
  return 128 + constants.signals[signal];
}
