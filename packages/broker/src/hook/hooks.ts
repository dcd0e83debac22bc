import { isReasonCodeOf, PacketType, type QoS, ReasonCode, UsageError } from '@busbar/codec';
import type { Authenticator, ChainAnswer } from '../auth/authenticator.ts';
import { readChainAnswer } from '../auth/chain-answer.ts';
import { textFault } from '../auth/text-fault.ts';
import type { Identity } from '../authorization/identity.ts';
import type { Clock } from '../clock/clock.ts';
import type { BrokerLog } from '../observe/log.ts';
import type {
  AuthorizeQuestion,
  BrokerHooks,
  ConnectAttempt,
  DeliveryChanges,
  DisconnectEvent,
  DropEvent,
  HookRefusal,
  SessionEvent,
  SubscribeAttempt,
} from './broker-hooks.ts';
import { HookGuard } from './hook-guard.ts';
import type { HookMessage, MessageChanges } from './hook-message.ts';
import type { InProcessClient } from './in-process-client.ts';

/** A question on its way from hook to hook: what it is by now, or no. */
type Passed<T> = T | HookRefusal;
type Step<T> = (current: T) => Passed<T> | Promise<Passed<T>>;

type Named<Event extends keyof BrokerHooks> = BrokerHooks & Required<Pick<BrokerHooks, Event>>;

/** The hooks of a broker, one function for each event that anybody has a hook for, made once when the broker is wired. */
export interface Hooks {
  readonly authenticators: readonly Authenticator[];
  readonly connect: ((attempt: ConnectAttempt) => Passed<ConnectAttempt> | Promise<Passed<ConnectAttempt>>) | undefined;
  /** The name of the hook that denies it; undefined where none does. */
  readonly authorize: ((question: AuthorizeQuestion) => string | undefined) | undefined;
  readonly subscribe:
    | ((attempt: SubscribeAttempt) => Passed<SubscribeAttempt> | Promise<Passed<SubscribeAttempt>>)
    | undefined;
  readonly publish:
    | ((message: HookMessage, publisher: Identity) => Passed<HookMessage> | Promise<Passed<HookMessage>>)
    | undefined;
  /** Undefined: the message is dropped. */
  readonly deliver: ((message: HookMessage, receiver: Identity) => HookMessage | undefined) | undefined;
  readonly disconnect: ((event: DisconnectEvent) => void) | undefined;
  readonly drop: ((event: DropEvent) => void) | undefined;
  readonly session: ((event: SessionEvent) => void) | undefined;
}

export function isRefusal(passed: object): passed is HookRefusal {
  return 'refuse' in passed;
}

/** Makes the functions that a broker asks; undefined where nobody has a hook. */
export function wireHooks(list: readonly BrokerHooks[], log: BrokerLog, clock: Clock): Hooks {
  const guard = (hooks: BrokerHooks, event: string): HookGuard => new HookGuard(hooks, event, log, clock);
  const tell = <Event extends 'disconnect' | 'drop' | 'session'>(event: Event) => announcer(list, event, guard, clock);
  return {
    authenticators: having(list, 'authenticate').map((hooks) => authenticatorOf(hooks, guard(hooks, 'authenticate'))),
    connect: chain<ConnectAttempt>(having(list, 'connect').map((hooks) => connectStep(hooks, guard(hooks, 'connect')))),
    authorize: authorizer(list, guard),
    subscribe: chain<SubscribeAttempt>(
      having(list, 'subscribe').map((hooks) => subscribeStep(hooks, guard(hooks, 'subscribe'))),
    ),
    publish: publisher(list, guard),
    deliver: deliverer(list, guard),
    disconnect: tell('disconnect') as Hooks['disconnect'],
    drop: tell('drop') as Hooks['drop'],
    session: tell('session') as Hooks['session'],
  };
}

/** After so long whoever looks into the log is to know what the broker waits for. */
const PATIENCE_MS = 10_000;

/** Lets hooks begin, one after the other. @throws {UsageError} `hook-not-started`: one has thrown. */
export async function startHooks(
  list: readonly BrokerHooks[],
  client: InProcessClient,
  log: BrokerLog,
  clock: Clock,
): Promise<void> {
  for (const hooks of list) {
    const tellOfWait = () => log.warn({ hook: hooks.name }, `the broker waits for the hook '${hooks.name}' to start`);
    const cancel = clock.schedule(tellOfWait, PATIENCE_MS);
    try {
      await hooks.start?.(client);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UsageError('hook-not-started', `the hook '${hooks.name}' has not started: ${reason}`);
    } finally {
      cancel();
    }
  }
}

/** Lets all hooks end, one after the other: of a broker that has stopped, or that could not start. */
export async function stopHooks(list: readonly BrokerHooks[], log: BrokerLog, clock: Clock): Promise<void> {
  for (const hooks of list)
    await new HookGuard(hooks, 'stop', log, clock).ask(() => hooks.stop?.(), nothing, undefined);
}

function having<Event extends keyof BrokerHooks>(list: readonly BrokerHooks[], event: Event): Named<Event>[] {
  return list.filter((hooks): hooks is Named<Event> => hooks[event] !== undefined);
}

// --- questions -----------------------------------------------------------------------------------------------------------

function chain<T extends object>(steps: readonly Step<T>[]): Step<T> | undefined {
  return steps.length === 0 ? undefined : (start) => pass(steps, start, 0);
}

function pass<T extends object>(steps: readonly Step<T>[], start: T, from: number): Passed<T> | Promise<Passed<T>> {
  let current = start;
  for (let at = from; at < steps.length; at++) {
    const answer = (steps[at] as Step<T>)(current);
    if (answer instanceof Promise) {
      return answer.then((late) => (isRefusal(late) ? late : pass(steps, late as T, at + 1)));
    }
    if (isRefusal(answer)) return answer;
    current = answer;
  }
  return current;
}

function authenticatorOf(hooks: Named<'authenticate'>, guard: HookGuard): Authenticator {
  const failed: ChainAnswer = {
    kind: 'deny',
    reasonCode: ReasonCode.serverUnavailable,
    message: 'the hook has failed',
  };
  return {
    name: `hook '${hooks.name}'`,
    authenticate: (credentials) => guard.ask(() => hooks.authenticate(credentials), readChainAnswer, failed),
  };
}

function connectStep(hooks: Named<'connect'>, guard: HookGuard): Step<ConnectAttempt> {
  const failed: HookRefusal = { refuse: ReasonCode.serverUnavailable };
  return (attempt) =>
    guard.ask(
      () => hooks.connect(attempt),
      (said): Passed<ConnectAttempt> => {
        const refusal = refusalIn(said, PacketType.connack);
        if (refusal === undefined && said !== undefined) throw new TypeError('expected a refusal or nothing');
        return refusal ?? attempt;
      },
      failed,
    );
}

function subscribeStep(hooks: Named<'subscribe'>, guard: HookGuard): Step<SubscribeAttempt> {
  const failed: HookRefusal = { refuse: ReasonCode.implementationSpecificError };
  return (attempt) =>
    guard.ask(
      () => hooks.subscribe(attempt),
      (said): Passed<SubscribeAttempt> => {
        const refusal = refusalIn(said, PacketType.suback);
        if (refusal !== undefined || said === undefined) return refusal ?? attempt;
        const { qos } = said as { readonly qos: QoS };
        if (qos !== 0 && qos !== 1 && qos !== 2) throw new TypeError(`expected a QoS of 0, 1 or 2, ${qos} came`);
        return { ...attempt, qos: qos < attempt.qos ? qos : attempt.qos };
      },
      failed,
    );
}

function publisher(list: readonly BrokerHooks[], guardOf: (hooks: BrokerHooks, event: string) => HookGuard) {
  const failed: HookRefusal = { refuse: ReasonCode.implementationSpecificError };
  const entries = having(list, 'publish').map((hooks) => ({ hooks, guard: guardOf(hooks, 'publish') }));
  if (entries.length === 0) return undefined;
  return (start: HookMessage, identity: Identity): Passed<HookMessage> | Promise<Passed<HookMessage>> => {
    const steps = entries.map(({ hooks, guard }): Step<HookMessage> => {
      return (message) =>
        guard.ask(
          () => hooks.publish(message, identity),
          (said): Passed<HookMessage> => refusalIn(said, PacketType.puback) ?? changed(message, said as MessageChanges),
          failed,
        );
    });
    return pass(steps, start, 0);
  };
}

function changed(message: HookMessage, said: MessageChanges | undefined): HookMessage {
  return said === undefined ? message : message.with(said);
}

/** @throws {TypeError} Something that is no answer at all, or a refusal that the packet cannot carry. */
function refusalIn(said: unknown, answer: PacketType): HookRefusal | undefined {
  if (said === undefined) return undefined;
  // False, above all, may be meant as a no.
  if (typeof said !== 'object' || said === null) throw new TypeError(`expected an object or nothing, ${said} came`);
  if (!isRefusal(said)) return undefined;
  const { refuse, reason = '' } = said;
  if (!(refuse >= 0x80 && isReasonCodeOf(answer, refuse))) {
    throw new TypeError(`a refusal cannot have the Reason Code ${refuse} here`);
  }
  if (typeof reason !== 'string') throw new TypeError(`expected a text as the reason of a refusal, ${reason} came`);
  const fault = textFault(reason);
  if (fault === undefined) return said;
  throw new TypeError(`MQTT cannot carry the reason of a refusal: ${fault}`);
}

// --- on the way of every message -----------------------------------------------------------------------------------------

function authorizer(list: readonly BrokerHooks[], guardOf: (hooks: BrokerHooks, event: string) => HookGuard) {
  const entries = having(list, 'authorize').map((hooks) => ({ hooks, guard: guardOf(hooks, 'authorize') }));
  if (entries.length === 0) return undefined;
  return (question: AuthorizeQuestion): string | undefined => {
    const denies = ({ hooks, guard }: (typeof entries)[number]): boolean =>
      guard.now(() => isNo(hooks.authorize(question)), true);
    return entries.find(denies)?.hooks.name;
  };
}

/** @throws {TypeError} Something else than yes and no, such as a promise, which would come too late. */
function isNo(said: unknown): boolean {
  if (said === undefined || typeof said === 'boolean') return said === false;
  throw new TypeError(`expected true or false at once, ${said instanceof Promise ? 'a promise' : typeof said} came`);
}

function deliverer(list: readonly BrokerHooks[], guardOf: (hooks: BrokerHooks, event: string) => HookGuard) {
  const entries = having(list, 'deliver').map((hooks) => ({ hooks, guard: guardOf(hooks, 'deliver') }));
  if (entries.length === 0) return undefined;
  return (start: HookMessage, receiver: Identity): HookMessage | undefined => {
    let message: HookMessage | undefined = start;
    for (const { hooks, guard } of entries) {
      const current: HookMessage = message;
      message = guard.now(() => delivered(current, hooks.deliver(current, receiver)), undefined);
      if (message === undefined) return undefined;
    }
    return message;
  };
}

function delivered(message: HookMessage, said: unknown): HookMessage | undefined {
  if (said === 'drop') return undefined;
  if (said === undefined) return message;
  if (typeof said === 'object' && said !== null && !(said instanceof Promise)) {
    const { topicName, payload, properties } = said as DeliveryChanges;
    return message.with({ topicName, payload, properties });
  }
  throw new TypeError("expected changes, 'drop' or nothing, at once");
}

// --- events --------------------------------------------------------------------------------------------------------------

/** Told after the turn, so that a hook may do with the broker what it likes. */
function announcer(
  list: readonly BrokerHooks[],
  event: 'disconnect' | 'drop' | 'session',
  guardOf: (hooks: BrokerHooks, event: string) => HookGuard,
  clock: Clock,
): ((happened: never) => void) | undefined {
  const entries = having(list, event).map((hooks) => ({ hooks, guard: guardOf(hooks, event) }));
  if (entries.length === 0) return undefined;
  let waiting: never[] = [];
  const tell = (): void => {
    const told = waiting;
    waiting = [];
    for (const happened of told) {
      for (const { hooks, guard } of entries) void guard.ask(() => hooks[event](happened), nothing, undefined);
    }
  };
  return (happened) => {
    if (waiting.push(happened) === 1) clock.endOfTurn(tell);
  };
}

function nothing(): undefined {
  return undefined;
}
