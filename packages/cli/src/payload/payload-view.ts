import type { PayloadDecoding, ToolSettings } from '../tool/tool-settings.ts';
import { hexOf, indented } from './indented.ts';

/** Shows a payload in another form than its bytes. */
export type PayloadView = (payload: Uint8Array) => Uint8Array;

/**
 * Opens the decoder that `--decode` names; the library that it needs is loaded now. A payload that it cannot read is shown
 * in hexadecimal, and told of once.
 *
 * @param tellError Takes lines for stderr.
 * @throws {Error} The schema cannot be used.
 */
export async function openPayloadView(
  decoding: PayloadDecoding,
  { schemaFile, messageType }: Pick<ToolSettings, 'schemaFile' | 'messageType'>,
  tellError: (line: string) => void,
): Promise<PayloadView> {
  const decode = await openDecoder(decoding, schemaFile, messageType);
  let isTold = false;
  return (payload) => {
    try {
      return Buffer.from(decode(payload));
    } catch (error) {
      if (!isTold) tellError(`Warning: a payload is no ${decoding}: ${error instanceof Error ? error.message : error}`);
      isTold = true;
      return Buffer.from(hexOf(payload));
    }
  };
}

async function openDecoder(
  decoding: PayloadDecoding,
  schemaFile: string | undefined,
  messageType: string | undefined,
): Promise<(payload: Uint8Array) => string> {
  switch (decoding) {
    case 'hex':
      return hexOf;
    case 'base64':
      return (payload) => Buffer.from(payload).toString('base64');
    case 'json':
      return (payload) => indented(JSON.parse(Buffer.from(payload).toString('utf8')));
    case 'cbor': {
      const { decode } = await import('cborg');
      return (payload) => indented(decode(payload, { useMaps: false, allowUndefined: true }));
    }
    case 'protobuf': {
      const { openProtobuf } = await import('./protobuf.ts');
      return openProtobuf(schemaFile ?? '', messageType);
    }
  }
}
