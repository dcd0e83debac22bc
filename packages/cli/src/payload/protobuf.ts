import path from 'node:path';
import protobuf from 'protobufjs';
import { indented } from './indented.ts';

/**
 * Reads messages of a schema in the Protocol Buffers language.
 *
 * @param messageType Its full name; default: the only message type of the file, or its first.
 * @throws {Error} The file cannot be read or has no such message type.
 */
export async function openProtobuf(schemaFile: string, messageType?: string): Promise<(payload: Uint8Array) => string> {
  const root = new protobuf.Root();
  root.resolvePath = (origin, target) => path.resolve(origin === '' ? '.' : path.dirname(origin), target);
  await root.load(schemaFile, { keepCase: true });
  const type = messageType === undefined ? firstType(root) : root.lookupType(messageType);
  if (type === undefined) throw new Error(`${schemaFile} has no message type`);
  return (payload) => {
    const message = type.decode(payload);
    return indented(type.toObject(message, { longs: String, enums: String, defaults: true, arrays: true }));
  };
}

function firstType(namespace: protobuf.NamespaceBase): protobuf.Type | undefined {
  for (const each of namespace.nestedArray) {
    if (each instanceof protobuf.Type) return each;
    if (each instanceof protobuf.Namespace) {
      const found = firstType(each);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
