/** The parts of an OpenAPI 3.1 document that the page shows. */
export interface Contract {
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly summary: string;
    readonly description: string;
  };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly examples?: Readonly<Record<string, Example>>;
  };
}

export interface PathItem {
  readonly get?: Operation;
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly Ref<Parameter>[];
  readonly responses: Readonly<Record<string, Ref<Response>>>;
  readonly 'x-codeSamples'?: readonly CodeSample[];
}

/** A program that calls the operation. */
export interface CodeSample {
  readonly lang: string;
  readonly label?: string;
  readonly source: string;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Ref<Schema>;
  readonly example?: Scalar;
}

export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Ref<Header>>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

export interface Header {
  readonly description?: string;
  readonly schema: Ref<Schema>;
  readonly example?: Scalar;
}

export interface MediaType {
  readonly schema?: Ref<Schema>;
  readonly examples?: Readonly<Record<string, Ref<Example>>>;
}

export interface Example {
  readonly summary?: string;
  /** Of a problem: how to see it on purpose. */
  readonly description?: string;
  readonly value: unknown;
}

export type Scalar = string | number | boolean;

export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Ref<Schema>>>;
  readonly required?: readonly string[];
  readonly items?: Ref<Schema>;
  readonly enum?: readonly Scalar[];
  readonly const?: Scalar;
  readonly default?: Scalar;
  readonly examples?: readonly Scalar[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

/** A value, or a reference to where in the document it stands. */
export type Ref<T> = T | { readonly $ref: string };

/** Follows references, to the value itself. */
export type Resolve = <T extends object>(ref: Ref<T>) => T;

/** Follows the references of one document; one that leads nowhere is an error in the document, and throws. */
export function resolver(contract: Contract): Resolve {
  return function resolve<T extends object>(ref: Ref<T>): T {
    if (!('$ref' in ref)) return ref;
    const names = ref.$ref
      .slice(2)
      .split('/')
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
    const found = names.reduce<unknown>((place, name) => (place as Record<string, unknown>)[name], contract);
    return resolve(found as Ref<T>);
  };
}

/** The last part of a reference: the name of a schema, say. */
export function nameOf(ref: Ref<object>): string | undefined {
  return '$ref' in ref ? ref.$ref.replace(/^.*\//, '') : undefined;
}
