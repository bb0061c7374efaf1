import { z } from 'zod';

import { AppError, type ParameterFault } from '../errors.ts';

/** The schemas of an operation's parameters, by place and name. Values arrive as strings. */
export interface ParameterSchemas {
  readonly path: z.ZodObject;
  readonly query: z.ZodObject;
}

/** What the schemas make of a request. */
export type ParametersOf<S extends ParameterSchemas> = z.output<S['path']> & z.output<S['query']>;

/** Reads the parameters of one operation; throws `INVALID_PARAMETER` with every fault. */
export type ParameterReader<S extends ParameterSchemas> = (
  path: Readonly<Record<string, unknown>>,
  query: string,
) => ParametersOf<S>;

/**
 * Makes the reader of an operation's parameters. Unknown, repeated and bracketed names are refused like bad
 * values, all at once, so that a misspelt parameter is never silently ignored.
 */
export function parameterReader<S extends ParameterSchemas>(schemas: S): ParameterReader<S> {
  const querySchema = z.strictObject(schemas.query.shape);
  return (path, query) => {
    const search = new URLSearchParams(query);
    const inPath = schemas.path.safeParse(path);
    const inQuery = querySchema.safeParse(Object.fromEntries(search));
    if (inPath.success && inQuery.success && new Set(search.keys()).size === search.size) {
      return { ...inPath.data, ...inQuery.data } as ParametersOf<S>;
    }
    throw refused([
      ...faultsOf('path', inPath.error),
      ...repeated(search),
      ...faultsOf('query', inQuery.error),
    ]);
  };
}

function refused(faults: readonly ParameterFault[]): AppError {
  const names = faults.map(({ name }) => name).join(', ');
  return new AppError('INVALID_PARAMETER', `Correct these parameters: ${names}. See errors.`, { faults });
}

function faultsOf(place: ParameterFault['in'], error: z.ZodError | undefined): ParameterFault[] {
  return (error?.issues ?? []).flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => ({ in: place, name: shown(name), detail: 'There is no such parameter.' }))
      : [{ in: place, name: String(issue.path[0]), detail: issue.message }],
  );
}

function repeated(search: URLSearchParams): ParameterFault[] {
  const names = [...new Set(search.keys())].filter((name) => search.getAll(name).length > 1);
  return names.map((name) => ({ in: 'query', name: shown(name), detail: 'Give this parameter once.' }));
}

/** A stranger's parameter name, short enough to be quoted. */
function shown(name: string): string {
  return name.length > 64 ? `${name.slice(0, 64)}…` : name;
}
