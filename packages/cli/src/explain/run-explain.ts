import {
  type AuthenticationOptions,
  type AuthorizationOptions,
  chainOptionsOf,
  explainConnect,
  explainPublish,
  explainReceive,
  explainSubscribe,
  type Identity,
  type ListenerOptions,
  MountPoint,
  ownChainOf,
  passwordFile,
  UsageError,
} from '@busbar/broker';
import { CommandError, WrongUsage } from '../command/command-error.ts';
import { noneOf } from '../command/value.ts';
import { loadConfiguration } from '../config/load-configuration.ts';
import { noListenerText } from '../config/no-listener.ts';
import { ConfigurationError } from '../config/place.ts';
import { faultsText } from '../config/run-config.ts';
import { ControlClient } from '../control/control-client.ts';
import { findControlSocket } from '../control/control-socket.ts';
import { ExitCode } from '../exit-code.ts';

interface ExplainOptions {
  readonly config: string | undefined;
  readonly acl: string | undefined;
  readonly passwords: string | undefined;
  readonly set: readonly string[];
  readonly user: string | undefined;
  readonly client: string;
  readonly password: string | undefined;
  readonly group: readonly string[];
  readonly claim: readonly string[];
  readonly address: string;
  readonly listener: string | undefined;
  readonly live: boolean;
  readonly port: number | undefined;
  readonly socket: string | undefined;
}

interface Rulebook {
  readonly authorization: AuthorizationOptions | undefined;
  readonly authentication: AuthenticationOptions;
  readonly listeners: readonly ListenerOptions[];
  /** The one that the client comes through, where it is named. */
  readonly listener: ListenerOptions | undefined;
}

const TOPIC_QUESTIONS = { publish: explainPublish, subscribe: explainSubscribe, receive: explainReceive };

/** Answers `busbar explain` on stdout. @returns 0 where it is allowed, 1 where it is not. */
export async function runExplain(options: ExplainOptions, [question = '', topic]: readonly string[]): Promise<number> {
  if (options.live) return explainLive(options, question, topic);
  if (question !== 'connect' && !isTopicQuestion(question)) {
    throw noneOf([...Object.keys(TOPIC_QUESTIONS), 'connect'], question);
  }
  const rulebook = failing(() => rulebookOf(options));
  if (question === 'connect') return answer(await explainLogin(rulebook, options));
  if (topic === undefined) throw new WrongUsage(`explain ${question}: expected a topic, none came`);
  const identity = identityOf(options, rulebook.listener);
  const { authorization, listener } = rulebook;
  return answer(
    failing(() => TOPIC_QUESTIONS[question](authorization, identity, wholeTopic(question, topic, listener))),
  );
}

async function explainLive(options: ExplainOptions, question: string, topic = ''): Promise<number> {
  const { client, port, socket, listener } = options;
  if (listener !== undefined)
    throw new WrongUsage('--listener: a running broker knows which one its client came through');
  if (!isTopicQuestion(question))
    throw new WrongUsage(`--live answers publish, subscribe and receive, not '${question}'`);
  const control = new ControlClient(socket ?? (await findControlSocket(port)));
  const asked = { question, clientIdentifier: client, topic };
  return answer((await control.post('explain', asked)) as { isAllowed: boolean; text: string });
}

function isTopicQuestion(question: string): question is keyof typeof TOPIC_QUESTIONS {
  return Object.hasOwn(TOPIC_QUESTIONS, question);
}

function answer({ isAllowed, text }: { isAllowed: boolean; text: string }): number {
  process.stdout.write(`${text}\n`);
  return isAllowed ? ExitCode.success : ExitCode.failure;
}

/** As rules see it: with what the listener puts before the topics of its clients. */
function wholeTopic(
  question: keyof typeof TOPIC_QUESTIONS,
  topic: string,
  listener: ListenerOptions | undefined,
): string {
  const { mountPoint } = listener ?? {};
  if (mountPoint === undefined) return topic;
  return question === 'subscribe' ? new MountPoint(mountPoint).filter(topic) : mountPoint + topic;
}

async function explainLogin({ authentication, listeners, listener }: Rulebook, options: ExplainOptions) {
  const { client, user, password, address } = options;
  const common = chainOptionsOf(authentication, listeners);
  const chain = (listener && ownChainOf(listener, common)) ?? common;
  try {
    return await explainConnect(chain, {
      clientIdentifier: client,
      userName: user,
      password: password === undefined ? undefined : Buffer.from(password),
      address,
      certificate: undefined,
    });
  } finally {
    const all = new Set([...common.authenticators, ...chain.authenticators]);
    await Promise.all([...all].map((authenticator) => authenticator.close?.()));
  }
}

function rulebookOf({ config, acl, passwords, set, listener }: ExplainOptions): Rulebook {
  const loaded = config === undefined && set.length === 0 ? undefined : load(config, set);
  if (loaded === undefined && acl === undefined && passwords === undefined) {
    throw new WrongUsage('expected -c with a configuration, --acl or --passwords');
  }
  const authorization = acl === undefined ? loaded?.authorization : { ...loaded?.authorization, aclFile: acl };
  const authentication =
    passwords === undefined ? (loaded ?? {}) : { ...loaded, authenticators: [passwordFile(passwords)] };
  const listeners = loaded?.listeners ?? [{}];
  return {
    authorization,
    authentication,
    listeners,
    listener: listener === undefined ? undefined : named(listeners, listener),
  };
}

function named(listeners: readonly ListenerOptions[], name: string): ListenerOptions {
  const found = listeners.find((each) => each.name === name);
  if (found === undefined) throw new WrongUsage(`--listener: ${noListenerText(name, listeners)}`);
  return found;
}

function load(file: string | undefined, sets: readonly string[]) {
  return loadConfiguration({ file, sets, environment: process.env }).options;
}

function identityOf({ client, user, group, claim }: ExplainOptions, listener: ListenerOptions | undefined): Identity {
  const claims = claim.map((each) => {
    const equals = each.indexOf('=');
    if (equals < 1) throw new WrongUsage(`--claim: expected name=value, '${each}' came`);
    return [each.slice(0, equals), claimValueOf(each.slice(equals + 1))] as const;
  });
  return {
    clientIdentifier: client,
    userName: user,
    ...(listener?.name === undefined ? {} : { listener: listener.name }),
    ...(group.length === 0 ? {} : { groups: group }),
    ...(claims.length === 0 ? {} : { claims: Object.fromEntries(claims) }),
  };
}

/** Numbers and truth values are meant as such. */
function claimValueOf(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function failing<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof ConfigurationError) throw new CommandError(ExitCode.failure, faultsText(error));
    if (error instanceof UsageError)
      throw new CommandError(ExitCode.failure, error.message.replaceAll('\n', '\nError: '));
    throw error;
  }
}
