import type { Json } from './operation.ts';
import { MalformedResponse } from './protocol.ts';

/** One page of a listing. `nextToken` is Rekognition's own, and undefined on the last page. */
export interface UpstreamPage<Item> {
  readonly items: readonly Item[];
  readonly nextToken: string | undefined;
}

/** The members of an input that Rekognition's listings have in common. */
export interface PageInput {
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

/** The input of one page. Equal pages have equal keys in the cache, since the members are written in one order. */
export function pageInput<Input extends object>(input: Input, size: number, token: string | undefined) {
  return { ...input, MaxResults: size, NextToken: token };
}

/** Rekognition's documented limit. With it, each token fits into a page token of this service. */
const MAX_TOKEN_LENGTH = 255;

/** Reads an array, which a response may leave out if it is empty. */
export function readArray(response: Json, member: string, maxLength: number): readonly unknown[] {
  const items = response[member] ?? [];
  if (!Array.isArray(items)) throw new MalformedResponse(`${member} is not an array`);
  if (items.length > maxLength) throw new MalformedResponse(`${member} holds more than was asked for`);
  return items;
}

/** Reads Rekognition's token of the page after this one. */
export function readNextToken({ NextToken: token }: Json): string | undefined {
  if (token === undefined || token === null || token === '') return undefined;
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH)
    throw new MalformedResponse('NextToken is mistyped');
  return token;
}

/** Reads a string that must be there. */
export function readString(response: Json, member: string): string {
  const value = response[member];
  if (typeof value !== 'string') throw new MalformedResponse(`${member} is not a string`);
  return value;
}

/** Reads a whole number that is not negative. */
export function readCount(response: Json, member: string): number {
  const value = response[member];
  if (!Number.isSafeInteger(value) || Number(value) < 0)
    throw new MalformedResponse(`${member} is not a count`);
  return Number(value);
}
