import * as z from 'zod';

import { AwsException } from './aws-exception.ts';

type Issue = z.core.$ZodIssue;

/** A string that matches a pattern of AWS, which stands in the message as AWS writes it. */
export function matching(pattern: string, text: z.ZodString = z.string()): z.ZodString {
  return text.regex(new RegExp(`^(?:${pattern})$`, 'u'), pattern);
}

const wholeNumber = 'an Integer';

/** A whole number within bounds. */
export function integer(min: number, max: number): z.ZodNumber {
  return z.int(wholeNumber).min(min).max(max);
}

/**
 * Reads the JSON of a request; members that the schema does not name are ignored, and null is absent. Throws
 * `SerializationException` for a wrong type, else `ValidationException` with every broken constraint, in AWS's words.
 */
export function readInput<T>(schema: z.ZodType<T>, json: unknown): T {
  const { data, error } = schema.safeParse(withoutNulls(json), { reportInput: true });
  if (!error) return data;
  const issues = error.issues.flatMap(flat);
  for (const issue of issues) {
    const wanted = wantedType(issue);
    if (wanted) throw mistyped(issue.input, wanted);
  }
  const count = issues.length === 1 ? '1 validation error' : `${issues.length} validation errors`;
  throw new AwsException('ValidationException', {
    message: `${count} detected: ${issues.map(brokenConstraint).join('; ')}`,
  });
}

function withoutNulls(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}

/** A bad name in a map holds issues of its own, which AWS reports of the map. */
function flat(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_key') return [issue];
  return issue.issues.map(
    (inner) => ({ ...inner, path: issue.path.slice(0, -1), input: issue.input }) as Issue,
  );
}

const typeNames = new Map([
  ['string', 'a String'],
  ['number', 'a Float'],
  ['array', 'a List'],
  ['object', 'a Structure'],
  ['record', 'a Structure'],
]);

/** The type that a value should have had, where it has another one. */
function wantedType(issue: Issue): string | undefined {
  // A number so large that its neighbours are the same.
  if ('origin' in issue && issue.origin === 'int') return wholeNumber;
  if (issue.code !== 'invalid_type' || issue.input === undefined) return undefined;
  return issue.message === wholeNumber ? wholeNumber : typeNames.get(issue.expected);
}

function mistyped(value: unknown, wanted: string): AwsException {
  const given = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  return new AwsException('SerializationException', {
    message: `${given.toUpperCase()}_VALUE can not be converted to ${wanted}`,
  });
}

function brokenConstraint(issue: Issue): string {
  const value = issue.input === undefined ? 'Value null' : `Value '${textOf(issue.input)}'`;
  return `${value} at '${placeOf(issue.path)}' failed to satisfy constraint: Member must ${constraintOf(issue)}`;
}

function constraintOf(issue: Issue): string {
  if (issue.code === 'invalid_type') return 'not be null';
  if (issue.code === 'too_small') {
    return `have ${measureOf(issue.origin)} greater than or equal to ${issue.minimum}`;
  }
  if (issue.code === 'too_big')
    return `have ${measureOf(issue.origin)} less than or equal to ${issue.maximum}`;
  if (issue.code === 'custom') return issue.message;
  return `satisfy regular expression pattern: ${issue.message}`;
}

function measureOf(origin: string): string {
  return origin === 'number' ? 'value' : 'length';
}

/** `faceIds.2.member`: the name begins in lower case, and lists count from 1. */
function placeOf([name = '', ...rest]: readonly PropertyKey[]): string {
  const first = String(name);
  const inner = rest.map((part) => `.${typeof part === 'number' ? part + 1 : String(part)}.member`);
  return first.charAt(0).toLowerCase() + first.slice(1) + inner.join('');
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{${Object.entries(value)
    .map((pair) => pair.join('='))
    .join(', ')}}`;
}
