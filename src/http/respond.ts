import { hash } from 'node:crypto';
import type { Response, Request } from 'express';

import { contextOf } from './context.ts';
import type { UpstreamResult } from '../rekognition/operation.ts';
import { AppError } from '../errors.ts';

/** A response, ready to be sent. */
export interface HttpReply {
  readonly status: number;
  /** Added to the headers of every response, or in place of them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Sends a whole response. Not `res.send`: it would hash the body for an ETag, and decide freshness by rules of its own. */
export function respond(res: Response, { status, headers, body }: HttpReply): void {
  // Set here, since Node leaves it out of the response to a HEAD.
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  beginResponse(res, status, { ...headers, ...length });
  res.end(body);
}

/** Writes the status and all headers at once: Node checks headers that are set one by one twice. */
export function beginResponse(res: Response, status: number, headers: HttpReply['headers']): void {
  res.writeHead(status, Object.assign(contextOf(res).headers, headers));
}

/** A response in two forms: whole, and as a 304 for a client that has it already. */
export interface Rendered {
  readonly etag: string;
  readonly whole: HttpReply;
  readonly unchanged: HttpReply;
}

/** Renders JSON with an `ETag` over `validated`, where a part of the text may change alone. */
export function renderJson(
  text: string,
  { validated, link }: { readonly validated?: string; readonly link?: string | undefined } = {},
): Rendered {
  const headers = {
    'Cache-Control': 'private, no-cache',
    Vary: 'Origin, Authorization',
    ...(link !== undefined && { Link: link }),
  };
  return renderText(text, { type: 'application/json', headers, validated });
}

interface Rendering {
  readonly type: string;
  /** The headers of both forms, besides `ETag`. */
  readonly headers: HttpReply['headers'];
  /** What `ETag` covers; by default the whole text. */
  readonly validated?: string | undefined;
}

/** Renders a text of this type with its validator. */
export function renderText(text: string, { type, headers, validated = text }: Rendering): Rendered {
  const etag = etagOf(validated);
  const tagged = { ETag: etag, ...headers };
  return {
    etag,
    whole: {
      status: 200,
      headers: { ...tagged, 'Content-Type': `${type}; charset=utf-8` },
      body: Buffer.from(text),
    },
    unchanged: { status: 304, headers: tagged },
  };
}

/**
 * The reply for a result. It is rendered once: the bytes stay beside the result in the cache. `by` is what renders it, since
 * another route over the same operation has other bytes.
 */
export function cachedReply(
  req: Request,
  result: UpstreamResult<unknown>,
  by: object,
  render: () => Rendered,
): HttpReply {
  const rendered = result.rendered?.by === by ? result.rendered : { by, reply: render() };
  result.rendered = rendered;
  return ifChanged(req, rendered.reply as Rendered);
}

/** 304 if the client has this response already. */
export function ifChanged(req: Request, { etag, whole, unchanged }: Rendered): HttpReply {
  return matches(req.get('if-none-match'), etag) ? unchanged : whole;
}

/** A weak validator of this text: equal text, equal tag. */
export function etagOf(text: string | Buffer): string {
  return `W/"${hash('sha256', text, 'base64url').slice(0, 27)}"`;
}

/** Whether `If-None-Match` names this tag, by weak comparison (RFC 9110, 13.1.2). */
export function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  const opaque = etag.replace(/^W\//, '');
  return Array.from(ifNoneMatch.matchAll(/"[^"]*"/g), ([tag]) => tag).includes(opaque);
}

/** The ranges that include JSON, the most specific first. Some clients send `*` for the last. */
const RANGES: readonly (readonly string[])[] = [['application/json'], ['application/*'], ['*/*', '*']];

/** A quoted string, closed or not: a comma or semicolon in it does not separate. */
const QUOTED = /"(?:[^"\\]|\\[^]?)*"?/g;

/**
 * Whether `Accept` allows JSON (RFC 9110, 12.5.1): the most specific range decides, by its best weight. Parameters
 * other than `q` are ignored: some clients name a charset or a version.
 */
export function acceptsJson(accept = ''): boolean {
  const accepted = accept.replace(QUOTED, '').toLowerCase().split(',').map(readRange);
  const named = accepted.filter(({ range }) => range !== '');
  if (named.length === 0) return true;
  for (const names of RANGES) {
    const fitting = named.filter(({ range }) => names.includes(range));
    if (fitting.length > 0) return fitting.some(({ weight }) => weight > 0);
  }
  return false;
}

interface AcceptedRange {
  readonly range: string;
  readonly weight: number;
}

function readRange(text: string): AcceptedRange {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim());
  const weights = parameters.filter((parameter) => /^q\s*=/.test(parameter));
  const weight = Number.parseFloat(weights[0]?.replace(/^q\s*=/, '') ?? '1');
  // An unreadable weight counts as 1, since the client has named the range.
  return { range, weight: Number.isNaN(weight) ? 1 : weight };
}

/** Refuses a request that does not accept JSON. */
export function acceptJson(req: Request): void {
  if (acceptsJson(req.headers.accept)) return;
  throw new AppError(
    'NOT_ACCEPTABLE',
    'This route produces application/json only. Accept it, or send no Accept.',
  );
}
