/** What can speak against sending clients to a broker. */
export const READINESS_CHECKS = ['starting', 'stopping', 'store', 'overloaded'] as const;
export type ReadinessCheck = (typeof READINESS_CHECKS)[number];

/**
 * Whether the broker should be sent clients, for load balancers and orchestrators: each room that knows of something that
 * speaks against it reports that, and takes it back when it is over.
 *
 * @example
 * readiness.report('overloaded', 'the event loop is 800 ms late');
 * readiness.report('overloaded', undefined);
 */
export class Readiness {
  readonly #reasons = new Map<ReadinessCheck, string>();

  /** @param reason In a line; undefined when nothing speaks against it any more. */
  report(check: ReadinessCheck, reason: string | undefined): void {
    if (reason === undefined) this.#reasons.delete(check);
    else this.#reasons.set(check, reason);
  }

  get isReady(): boolean {
    return this.#reasons.size === 0;
  }

  /** What speaks against it, by check; empty when the broker is ready. */
  get reasons(): Partial<Record<ReadinessCheck, string>> {
    return Object.fromEntries(this.#reasons);
  }

  /** The reason of one check; undefined when it finds nothing. */
  reasonOf(check: ReadinessCheck): string | undefined {
    return this.#reasons.get(check);
  }
}
