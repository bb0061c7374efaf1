/** A type of the platform by its name; unknown to a project that has neither `lib.dom` nor Node's types. */
export type Platform<Name extends string> =
  typeof globalThis extends Record<Name, { prototype: infer Type }> ? Type : unknown;
