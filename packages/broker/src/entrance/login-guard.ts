import { ReasonCode } from '@busbar/codec';
import { Flapping, type FlappingOptions } from '../auth/flapping.ts';
import { type BackOffOptions, LoginBackOff } from '../auth/login-back-off.ts';
import type { Clock } from '../clock/clock.ts';
import type { BrokerLog } from '../observe/log.ts';
import type { Later } from '../observe/quiet-line.ts';
import { QuietWarning } from '../observe/quiet-warning.ts';
import type { Tallies } from '../observe/tallies.ts';
import type { Refusal } from './admission.ts';

/** Who a login comes from, as it says itself. */
export interface LoginAttempt {
  readonly clientIdentifier: string;
  readonly userName: string | undefined;
  readonly address: string;
}

/** How logins are kept within bounds. */
export interface LoginGuardOptions {
  readonly backOff?: BackOffOptions | undefined;
  readonly flapping?: FlappingOptions | undefined;
}

/** Stands before authentication: keeps out who fails too often, or comes and goes too often, and says so in the log, quietly. */
export class LoginGuard {
  readonly #clock: Clock;
  readonly #backOff: LoginBackOff;
  readonly #flapping: Flapping;
  readonly #failures: Tallies['loginFailures'];
  readonly #failed: QuietWarning;
  readonly #unanswered: QuietWarning;
  readonly #keptOut: QuietWarning;

  constructor(
    { backOff, flapping }: LoginGuardOptions,
    clock: Clock,
    log: BrokerLog,
    later: Later,
    failures: Tallies['loginFailures'],
  ) {
    this.#clock = clock;
    this.#failures = failures;
    this.#backOff = new LoginBackOff(backOff);
    this.#flapping = new Flapping(flapping);
    this.#failed = new QuietWarning(log, 'a login has failed', later);
    this.#unanswered = new QuietWarning(log, 'a login could not be looked at', later);
    this.#keptOut = new QuietWarning(log, 'a client has to wait before it may log in', later);
  }

  /** Why a client may not even try; undefined when it may. */
  refusalOf({ clientIdentifier, userName, address }: LoginAttempt): Refusal | undefined {
    const now = this.#clock.now();
    const bannedMs = this.#flapping.bannedMs(clientIdentifier, address, now);
    if (bannedMs > 0) {
      this.#failures.count('banned');
      const seconds = Math.ceil(bannedMs / 1000);
      this.#keptOut.warn({ client: clientIdentifier, address, seconds, reason: 'it came and went too often' }, now);
      return { reasonCode: ReasonCode.banned, message: `the client is banned for ${seconds} s` };
    }
    const waitMs = this.#backOff.waitMs(address, userName, now);
    if (waitMs === 0) return undefined;
    this.#failures.count('kept-out');
    const seconds = Math.ceil(waitMs / 1000);
    this.#keptOut.warn({ client: clientIdentifier, address, seconds, reason: 'too many logins failed' }, now);
    const message = `too many logins failed, try again in ${seconds} s`;
    return { reasonCode: ReasonCode.serverBusy, message, retryAfterSeconds: seconds };
  }

  /** @param by Who refused it, and why, for the log alone. */
  handleFailure({ clientIdentifier, userName, address }: LoginAttempt, by: string, reason: string): void {
    const now = this.#clock.now();
    this.#backOff.handleFailure(address, userName, now);
    this.#failures.count('refused');
    this.#failed.warn({ client: clientIdentifier, user: shown(userName), address, by, reason }, now);
  }

  /** Who should have been asked could not be: that is no failure of the client's. @param by Who, and why, for the log alone. */
  handleUnanswered({ clientIdentifier, userName, address }: LoginAttempt, by: string, reason: string): void {
    const fields = { client: clientIdentifier, user: shown(userName), address, by, reason };
    this.#unanswered.warn(fields, this.#clock.now());
  }

  handleSuccess(userName: string | undefined): void {
    this.#backOff.handleSuccess(userName);
  }

  /** A connection has ended without a DISCONNECT. */
  handleEnd(clientIdentifier: string, address: string): void {
    this.#flapping.handleEnd(clientIdentifier, address, this.#clock.now());
  }
}

const LONGEST_NAME = 128;

/** A user name for the log: what may be a token is a secret, and no name is that long. */
function shown(userName: string | undefined): string | undefined {
  return userName === undefined || userName.length <= LONGEST_NAME
    ? userName
    : `${userName.slice(0, 8)}... (shortened)`;
}
