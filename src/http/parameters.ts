import { z } from 'zod';

import { AppError, type ParameterError } from '../errors.ts';

/** The schemas of an operation's parameters, by place and name. Values arrive as strings. */
export interface ParameterSchemas {
  readonly path: z.ZodObject;
  readonly query: z.ZodObject;
}

/** What the schemas make of a request. */
export type ParametersOf<S extends ParameterSchemas> = z.output<S['path']> & z.output<S['query']>;

/** Reads the parameters of one operation; throws `INVALID_PARAMETER` with every error. */
export type ParameterReader<S extends ParameterSchemas> = (
  path: Readonly<Record<string, unknown>>,
  query: string,
) => ParametersOf<S>;

/** More errors than these are only counted: a request may hold thousands. */
const MAX_LISTED = 20;

/**
 * Makes the reader of an operation's parameters. Unknown, repeated and bracketed names are refused like bad
 * values, all at once, so that a misspelt parameter is never silently ignored.
 */
export function parameterReader<S extends ParameterSchemas>(schemas: S): ParameterReader<S> {
  const known = Object.keys(schemas.query.shape);
  const unknownDetail = `There is no such parameter: this route has ${known.join(' and ') || 'none'}.`;
  return (path, query) => {
    const search = new URLSearchParams(query);
    const inPath = schemas.path.safeParse(path);
    const inQuery = schemas.query.safeParse(Object.fromEntries(search));
    const counts = countNames(search);
    const isClean = [...counts].every(([name, count]) => count === 1 && known.includes(name));
    if (inPath.success && inQuery.success && isClean) {
      return { ...inPath.data, ...inQuery.data } as ParametersOf<S>;
    }
    throw refused([
      ...errorsOf('path', inPath.error),
      ...repeated(counts),
      ...errorsOf('query', inQuery.error),
      ...unknown(counts, known, unknownDetail),
    ]);
  };
}

function refused(errors: readonly ParameterError[]): AppError {
  const listed = errors.slice(0, MAX_LISTED);
  const more = errors.length - listed.length;
  const names = [...listed.map(({ name }) => name), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
  return new AppError('INVALID_PARAMETER', `Correct these parameters: ${names}. See errors.`, {
    errors: listed,
  });
}

function errorsOf(location: ParameterError['location'], error: z.ZodError | undefined): ParameterError[] {
  return (error?.issues ?? []).map(({ path, message }) => ({
    location,
    name: String(path[0]),
    detail: message,
  }));
}

/** How often each name comes. Counted in one pass, since a request may hold thousands. */
function countNames(search: URLSearchParams): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of search.keys()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function repeated(counts: ReadonlyMap<string, number>): ParameterError[] {
  return [...counts]
    .filter(([, count]) => count > 1)
    .map(([name]) => ({ location: 'query', name: shown(name), detail: 'Give this parameter once.' }));
}

function unknown(
  counts: ReadonlyMap<string, number>,
  known: readonly string[],
  detail: string,
): ParameterError[] {
  return [...counts.keys()]
    .filter((name) => !known.includes(name))
    .map((name) => ({ location: 'query', name: shown(name), detail }));
}

/** A stranger's parameter name, short enough to be quoted. */
function shown(name: string): string {
  return name.length > 64 ? `${name.slice(0, 64)}…` : name;
}
