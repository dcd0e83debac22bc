import type { ReasonCode, SubscribePacket, SubscriptionRequest } from '@busbar/codec';
import type { Identity } from '../authorization/identity.ts';
import type { HookRefusal, SubscribeAttempt } from '../hook/broker-hooks.ts';
import { type Hooks, isRefusal } from '../hook/hooks.ts';
import type { SubscriptionRefused } from '../session/session-table.ts';

/** What becomes of a SUBSCRIBE packet. */
export interface SubackAnswer {
  /** One for each Topic Filter, in order. */
  readonly reasonCodes: readonly ReasonCode[];
  /** Topic Filters that were refused. */
  readonly refusals: readonly SubscriptionRefused[];
}

type Answer = SubscribeAttempt | HookRefusal;

/** What hooks say of the Topic Filters of one SUBSCRIBE packet. */
export class HookAnswers {
  readonly #requests: readonly SubscriptionRequest[];
  readonly #answers: readonly Answer[];

  constructor(requests: readonly SubscriptionRequest[], answers: readonly Answer[]) {
    this.#requests = requests;
    this.#answers = answers;
  }

  /** Those that no hook refuses, with the QoS that the hooks leave them. */
  get allowed(): SubscriptionRequest[] {
    return this.#requests.flatMap((request, at) => {
      const answer = this.#answers[at];
      return answer === undefined || isRefusal(answer) ? [] : [{ ...request, qos: answer.qos }];
    });
  }

  /** The answer about all of them, made of that about the allowed ones. */
  complete({ reasonCodes, refusals }: SubackAnswer): SubackAnswer {
    const codes = [...reasonCodes];
    const refused = this.#requests.flatMap(({ topicFilter }, at) => {
      const answer = this.#answers[at];
      if (answer === undefined || !isRefusal(answer)) return [];
      codes.splice(at, 0, answer.refuse);
      return [{ topicFilter, message: answer.reason ?? 'the client may not subscribe to it' }];
    });
    return { reasonCodes: codes, refusals: [...refused, ...refusals] };
  }
}

/** Asks the hooks about each Topic Filter. */
export function askAboutSubscriptions(
  ask: NonNullable<Hooks['subscribe']>,
  { subscriptions, properties }: SubscribePacket,
  identity: Identity,
): HookAnswers | Promise<HookAnswers> {
  const subscriptionIdentifier = properties.subscriptionIdentifiers?.[0];
  const userProperties = properties.userProperties ?? [];
  const answers = subscriptions.map((each) => ask({ ...each, identity, subscriptionIdentifier, userProperties }));
  if (!answers.some((answer) => answer instanceof Promise)) return new HookAnswers(subscriptions, answers as Answer[]);
  return Promise.all(answers).then((late) => new HookAnswers(subscriptions, late));
}
