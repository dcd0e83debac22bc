import type { MessageContent } from '@busbar/protocol';
import type { PublishOutcome } from './publish/publication.ts';
import type { InboxHandler } from './subscribe/inbox.ts';
import { type ClientTracer, traceContextOf, withTraceContext } from './trace.ts';

/** Calls the hooks of a program's tracer around what is published and handled. What they throw keeps no message from its way. */
export class Tracing {
  readonly #tracer: ClientTracer;
  readonly #report: (error: unknown) => void;

  constructor(tracer: ClientTracer, report: (error: unknown) => void) {
    this.#tracer = tracer;
    this.#report = report;
  }

  /** @param send Publishes the message, which bears the trace context now. */
  publish(message: MessageContent, send: (traced: MessageContent) => Promise<PublishOutcome>): Promise<PublishOutcome> {
    if (this.#tracer.startPublish === undefined) return send(message);
    const { topicName, qos, payload } = message;
    const span = this.#guard(() => this.#tracer.startPublish?.({ topicName, qos, byteLength: payload.length }));
    const context = span?.context;
    const properties = context === undefined ? message.properties : withTraceContext(message.properties, context);
    const outcome = send({ ...message, properties });
    const end = (error?: unknown) => this.#guard(() => span?.end?.(error));
    outcome.then(() => end(), end);
    return outcome;
  }

  /** The handler as the tracer runs it. */
  handler(handler: InboxHandler): InboxHandler {
    const tracer = this.#tracer;
    if (tracer.runHandler === undefined) return handler;
    return (message) => tracer.runHandler?.(message, traceContextOf(message), () => handler(message));
  }

  #guard<Answer>(call: () => Answer): Answer | undefined {
    try {
      return call();
    } catch (error) {
      this.#report(error);
      return undefined;
    }
  }
}
