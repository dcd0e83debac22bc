/**
 * Why a run could not be made or finished:
 *
 * - `unreachable`: there was no connection with the broker.
 * - `refused`: the broker refused a client, a subscription or what the run needs.
 * - `lost`: a connection ended during the run.
 * - `broken`: the broker sent what is no MQTT.
 * - `stopped`: it was ended before anything was measured.
 */
export type BenchErrorCode = 'unreachable' | 'refused' | 'lost' | 'broken' | 'stopped';

/** A run that could not be made or finished; the message is one line. */
export class BenchError extends Error {
  override readonly name = 'BenchError';
  readonly code: BenchErrorCode;

  constructor(code: BenchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
