import type { PublishProperties } from '@busbar/codec';
import type { Message } from './message.ts';

/** A trace context as it crosses the wire (W3C Trace Context): what `traceparent` and `tracestate` say. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** A message that is about to be published. */
export interface PublishSpan {
  readonly topicName: string;
  readonly qos: 0 | 1 | 2;
  readonly byteLength: number;
}

/**
 * Hooks for tracing, such as OpenTelemetry's. Each is called within the client's own work, so it should be quick; what it
 * throws is reported as `handler-error` and changes nothing.
 *
 * @example
 * const tracer: ClientTracer = {
 *   startPublish: (span) => ({ context: currentContext(), end: (error) => record(span, error) }),
 *   runHandler: (message, context, run) => withContext(context, run),
 * };
 */
export interface ClientTracer {
  /**
   * A message is published. What is answered goes with it, as User Properties `traceparent` and `tracestate` (5.0 only);
   * `end` is called when its outcome is known.
   */
  startPublish?(
    span: PublishSpan,
  ): { readonly context?: TraceContext | undefined; end?(error?: unknown): void } | undefined;
  /**
   * A handler is about to be called with a message. It must call `run` once and answer what that answers.
   *
   * @param context What the publisher sent, if anything.
   */
  runHandler?(message: Message, context: TraceContext | undefined, run: () => unknown): unknown;
}

const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';
const TRACEPARENT_FORM = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/;

/**
 * The trace context in a message's User Properties; undefined when there is none, or none that is well-formed.
 *
 * @example client.subscribe('plant/#', (message) => console.log(traceContextOf(message)?.traceparent));
 */
export function traceContextOf({ properties }: Pick<Message, 'properties'>): TraceContext | undefined {
  const { userProperties } = properties;
  const traceparent = userProperties?.find(([name]) => name === TRACEPARENT)?.[1];
  if (traceparent === undefined || !TRACEPARENT_FORM.test(traceparent)) return undefined;
  const tracestate = userProperties?.find(([name]) => name === TRACESTATE)?.[1];
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}

/** The properties of a message with a trace context among its User Properties. */
export function withTraceContext<Properties extends Pick<PublishProperties, 'userProperties'>>(
  properties: Properties,
  { traceparent, tracestate }: TraceContext,
): Properties {
  const userProperties: [string, string][] = [...(properties.userProperties ?? []), [TRACEPARENT, traceparent]];
  if (tracestate !== undefined) userProperties.push([TRACESTATE, tracestate]);
  return { ...properties, userProperties };
}
