import { Fault } from './fault.ts';

/**
 * Reads one value of a request: a wrong type throws `SerializationException`; a broken constraint is added to `broken`,
 * in AWS's words, so that all of them are answered at once.
 */
export type Shape<T> = (value: unknown, at: string, broken: string[]) => T;

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

type Members = Record<string, Shape<unknown>>;
type Values<M extends Members> = { readonly [K in keyof M]: M[K] extends Shape<infer T> ? T : never };

/** Reads a whole request; throws `SerializationException`, or `ValidationException` with every broken constraint. */
export function parse<T>(shape: Shape<T>, json: unknown): T {
  const broken: string[] = [];
  const value = shape(json, '', broken);
  if (broken.length === 0) return value;
  const count = broken.length === 1 ? '1 validation error' : `${broken.length} validation errors`;
  throw new Fault('ValidationException', { message: `${count} detected: ${broken.join('; ')}` });
}

/** A string within bounds of length; `pattern` is a regular expression for the whole of it, as AWS writes it. */
export function string({ pattern, ...bounds }: Bounds & { readonly pattern?: string }): Shape<string> {
  const whole = pattern === undefined ? undefined : new RegExp(`^(?:${pattern})$`, 'u');
  return (value, at, broken) => {
    if (typeof value !== 'string') throw mistyped(value, 'a String');
    const fail = fails(value, at, broken);
    checkBounds(value.length, 'length', bounds, fail);
    if (whole?.test(value) === false) fail(`satisfy regular expression pattern: ${pattern}`);
    return value;
  };
}

/** A number within bounds. */
export function float(bounds: Bounds): Shape<number> {
  return (value, at, broken) => {
    if (typeof value !== 'number') throw mistyped(value, 'a Float');
    checkBounds(value, 'value', bounds, fails(String(value), at, broken));
    return value;
  };
}

/** A whole number within bounds. */
export function integer(bounds: Bounds): Shape<number> {
  const number = float(bounds);
  return (value, at, broken) => {
    if (!Number.isInteger(value)) throw mistyped(value, 'an Integer');
    return number(value, at, broken);
  };
}

/** A list within bounds of length. */
export function list<T>(item: Shape<T>, bounds: Bounds): Shape<readonly T[]> {
  return (value, at, broken) => {
    if (!Array.isArray(value)) throw mistyped(value, 'a List');
    const items = value.map((element, index) => item(element, `${at}.${index + 1}.member`, broken));
    checkBounds(items.length, 'length', bounds, fails(`[${items.join(', ')}]`, at, broken));
    return items;
  };
}

/** A map of names to values within bounds of size. */
export function map<T>(key: Shape<string>, item: Shape<T>, bounds: Bounds): Shape<ReadonlyMap<string, T>> {
  return (value, at, broken) => {
    const entries = Object.entries(record(value));
    const items = entries.map(
      ([name, each]) => [key(name, at, broken), item(each, `${at}.${name}.member`, broken)] as const,
    );
    const text = items.map((pair) => pair.join('=')).join(', ');
    checkBounds(items.length, 'length', bounds, fails(`{${text}}`, at, broken));
    return new Map(items);
  };
}

/** An object; members it does not name are ignored, as AWS does. */
export function structure<M extends Members>(members: M): Shape<Values<M>> {
  const named = Object.entries(members);
  return (value, _at, broken) => {
    const given = record(value);
    const read = named.map(([name, shape]) => [name, shape(given[name], lowerFirst(name), broken)] as const);
    return Object.fromEntries(read) as Values<M>;
  };
}

/** A member that must be there; null is absent. */
export function required<T>(shape: Shape<T>): Shape<T> {
  return (value, at, broken) => {
    if (value !== undefined && value !== null) return shape(value, at, broken);
    broken.push(`Value null at '${at}' failed to satisfy constraint: Member must not be null`);
    return undefined as T;
  };
}

/** A member that may be absent or null. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, at, broken) =>
    value === undefined || value === null ? undefined : shape(value, at, broken);
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw mistyped(value, 'a Structure');
  return value as Record<string, unknown>;
}

function fails(value: string, at: string, broken: string[]): (constraint: string) => void {
  return (constraint) => {
    broken.push(`Value '${value}' at '${at}' failed to satisfy constraint: Member must ${constraint}`);
  };
}

function checkBounds(size: number, what: string, { min, max }: Bounds, fail: (text: string) => void): void {
  if (min !== undefined && size < min) fail(`have ${what} greater than or equal to ${min}`);
  if (max !== undefined && size > max) fail(`have ${what} less than or equal to ${max}`);
}

function mistyped(value: unknown, wanted: string): Fault {
  const given = Array.isArray(value) ? 'ARRAY' : value === null ? 'NULL' : typeof value;
  return new Fault('SerializationException', {
    message: `${given.toUpperCase()}_VALUE can not be converted to ${wanted}`,
  });
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
