import * as z from 'zod';

import { AppError, type ParameterError } from '../errors.ts';

/** The schemas of an operation's parameters, by place and name. Values arrive as strings. */
export interface ParameterSchemas<Path extends z.ZodRawShape, Query extends z.ZodRawShape> {
  readonly path: Path;
  readonly query: Query;
}

/** The values that schemas make of the parameters. */
export type Values<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>;

/** Reads the parameters of one operation; throws `INVALID_PARAMETER` with every error. */
export type ParameterReader<Path extends z.ZodRawShape, Query extends z.ZodRawShape> = (
  path: Readonly<Record<string, unknown>>,
  query: string,
) => Values<Path> & Values<Query>;

/** More errors than these are only counted: a request may have thousands. */
const MAX_LISTED = 20;

/**
 * Makes the reader of an operation's parameters. Unknown, repeated and bracketed names are refused like bad
 * values, all at once, so that a misspelt parameter is never silently ignored.
 */
export function parameterReader<Path extends z.ZodRawShape, Query extends z.ZodRawShape>({
  path,
  query,
}: ParameterSchemas<Path, Query>): ParameterReader<Path, Query> {
  const schema = z.object({ ...path, ...query });
  const known = Object.keys(query);
  const unknownDetail = `There is no such parameter: this route has ${known.join(' and ') || 'none'}.`;
  return (inPath, inQuery) => {
    const search = new URLSearchParams(inQuery);
    const { names, repeated } = namesOf(search);
    const unknown = names.filter((name) => !known.includes(name));
    const { data, error } = schema.safeParse(Object.assign(Object.fromEntries(search), inPath));
    if (data && repeated.length === 0 && unknown.length === 0) return data as Values<Path> & Values<Query>;
    const bad = (error?.issues ?? []).map(({ path: [name = ''], message }): ParameterError => {
      return { location: Object.hasOwn(path, name) ? 'path' : 'query', name: String(name), detail: message };
    });
    throw refused([
      ...bad.filter(({ location }) => location === 'path'),
      ...repeated.map(errorWith('Give this parameter once.')),
      ...bad.filter(({ location }) => location === 'query'),
      ...unknown.map(errorWith(unknownDetail)),
    ]);
  };
}

/** The names, and those that are repeated. Found in one pass, since a request may have thousands. */
function namesOf(search: URLSearchParams): Record<'names' | 'repeated', string[]> {
  const names = new Set<string>();
  const repeated = new Set<string>();
  for (const name of search.keys()) (names.has(name) ? repeated : names).add(name);
  return { names: [...names], repeated: [...repeated] };
}

function refused(errors: readonly ParameterError[]): AppError {
  const listed = errors.slice(0, MAX_LISTED);
  const more = errors.length - listed.length;
  // A parameter may have no name, as in `?=5`.
  const names = [...listed.map(({ name }) => name || '""'), ...(more > 0 ? [`and ${more} more`] : [])].join(
    ', ',
  );
  return new AppError('INVALID_PARAMETER', `Correct these parameters: ${names}. See errors.`, {
    errors: listed,
  });
}

function errorWith(detail: string): (name: string) => ParameterError {
  return (name) => ({ location: 'query', name: shown(name), detail });
}

/** A parameter name of a request, short enough to be quoted. */
function shown(name: string): string {
  return name.length > 64 ? `${name.slice(0, 64)}…` : name;
}
