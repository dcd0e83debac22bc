/**
 * Turns values into payloads and back.
 *
 * `Value` is what comes out, `Input` what goes in; a schema that transforms makes them differ.
 */
export interface PayloadCodec<Value, Input = Value> {
  /** What 5.0 can say of the payload: a MIME type. */
  readonly contentType?: string;
  encode(value: Input): string | Uint8Array;
  /** @throws Anything when the payload is not of this kind; or a promise that is rejected. */
  decode(payload: Uint8Array): Value | Promise<Value>;
}

/** What validators have in common: zod, valibot, arktype and others keep the interface of Standard Schema (version 1). */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** What is wrong with a value, and where in it. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What encodes and decodes CBOR, as the packages `cborg` and `cbor-x` do. */
export interface CborLibrary {
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

/**
 * A payload could be read, and is not what the schema wants.
 *
 * @example
 * const onInvalid = ({ error }: InvalidMessage) => console.log(error instanceof PayloadError ? error.issues : error);
 * temperature.subscribe(client, {}, { onInvalid }, ({ value }) => show(value));
 */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
  readonly code = 'payload-not-valid';
  readonly issues: readonly SchemaIssue[];

  constructor(issues: readonly SchemaIssue[]) {
    super(`the payload is not valid: ${issues.map(describeIssue).join('; ')}`);
    this.issues = issues;
  }
}

const strictDecoder = new TextDecoder('utf-8', {
  fatal: true,
  ignoreBOM: true,
});

/** Payloads as they are. @example topic('camera/{id}/picture', bytes()) */
export function bytes(): PayloadCodec<Uint8Array> {
  return { encode: (value) => value, decode: (payload) => payload };
}

/** Payloads as UTF-8; what is not well-formed does not reach the handler. @example topic('plant/{line}/state', text()) */
export function text(): PayloadCodec<string> {
  return {
    contentType: 'text/plain; charset=utf-8',
    encode: (value) => value,
    decode: (payload) => strictDecoder.decode(payload),
  };
}

/**
 * Payloads as JSON; with a schema only what it accepts reaches the handler.
 *
 * @param schema Any Standard Schema.
 * @example const temperature = topic('plant/{line}/temperature', json(z.object({ celsius: z.number() })));
 */
export function json(): PayloadCodec<unknown>;
export function json<Input, Output>(schema: StandardSchema<Input, Output>): PayloadCodec<Output, Input>;
export function json(schema?: StandardSchema): PayloadCodec<unknown> {
  return validated(
    {
      contentType: 'application/json',
      encode: (value) => JSON.stringify(value),
      decode: (payload) => JSON.parse(strictDecoder.decode(payload)),
    },
    schema,
  );
}

/**
 * Payloads as CBOR (RFC 8949), by a library of the program's.
 *
 * @example
 * import * as cborg from 'cborg';
 * const vibration = topic('plant/{machine}/vibration', cbor(cborg, schema));
 */
export function cbor(library: CborLibrary): PayloadCodec<unknown>;
export function cbor<Input, Output>(
  library: CborLibrary,
  schema: StandardSchema<Input, Output>,
): PayloadCodec<Output, Input>;
export function cbor(library: CborLibrary, schema?: StandardSchema): PayloadCodec<unknown> {
  const { encode, decode } = library;
  return validated({ contentType: 'application/cbor', encode, decode }, schema);
}

function validated(codec: PayloadCodec<unknown>, schema: StandardSchema | undefined): PayloadCodec<unknown> {
  if (schema === undefined) return codec;
  const accept = (result: SchemaResult<unknown>) => {
    if (result.issues !== undefined) throw new PayloadError(result.issues);
    return result.value;
  };
  return {
    ...codec,
    async decode(payload) {
      return accept(await schema['~standard'].validate(await codec.decode(payload)));
    },
  };
}

function describeIssue({ message, path = [] }: SchemaIssue): string {
  const where = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.');
  return where === '' ? message : `${where}: ${message}`;
}
