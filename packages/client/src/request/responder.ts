import type { Message } from '../message.ts';
import type { PublishOptions } from '../publish/publication.ts';

/** The payload of an answer, alone or with properties of its own. */
export type ResponseContent =
  | string
  | Uint8Array
  | { readonly payload: string | Uint8Array; readonly properties?: NonNullable<PublishOptions['properties']> };

/** What answering needs of its client. */
export interface RespondingClient {
  publish(topicName: string, payload: string | Uint8Array, options: PublishOptions): Promise<unknown>;
}

/**
 * Answers one request (section 4.10.1): to its Response Topic, with its Correlation Data. A message without a Response Topic
 * is no request; the handler gets it all the same.
 */
export async function respondWith(
  client: RespondingClient,
  request: Message,
  handler: (request: Message) => ResponseContent | undefined | Promise<ResponseContent | undefined>,
): Promise<void> {
  const content = await handler(request);
  const { responseTopic, correlationData } = request.properties;
  if (content === undefined || responseTopic === undefined) return;
  const isBare = typeof content === 'string' || content instanceof Uint8Array;
  const { payload, properties = {} } = isBare ? { payload: content } : content;
  await client.publish(responseTopic, payload, {
    qos: request.qos,
    properties: { ...properties, ...(correlationData && { correlationData }) },
  });
}
