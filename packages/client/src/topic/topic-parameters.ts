/** The names between braces in a pattern: `'plant/{line}/{rest...}'` has `line` and `rest`. */
export type ParameterNames<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `${infer Plain}...` ? Plain : Name) | ParameterNames<Rest>
  : never;

/** What stands in a Topic Name in place of the names. A pattern that is not known to the compiler may have any. */
export type TopicParameters<Pattern extends string> = string extends Pattern
  ? Readonly<Record<string, string>>
  : { readonly [Name in ParameterNames<Pattern>]: string };
