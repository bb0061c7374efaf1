import type { Request } from 'express';

import type { UpstreamResult } from '../rekognition/operation.ts';
import type { HttpReply } from './respond.ts';
import { etagOf, matches } from './etag.ts';

/** An answer as it is sent, and as the news that it has not changed. */
export interface Rendered {
  readonly etag: string;
  readonly whole: HttpReply;
  readonly unchanged: HttpReply;
}

/** Renders JSON with its validator: over `validated`, which is the whole text unless a part of it may change by itself. */
export function renderJson(
  text: string,
  { validated = text, link }: { readonly validated?: string; readonly link?: string | undefined } = {},
): Rendered {
  const etag = etagOf(validated);
  const headers = {
    ETag: etag,
    'Cache-Control': 'private, no-cache',
    Vary: 'Origin, Authorization',
    ...(link !== undefined && { Link: link }),
  };
  const type = { 'Content-Type': 'application/json; charset=utf-8' };
  return {
    etag,
    whole: { status: 200, headers: { ...headers, ...type }, body: Buffer.from(text) },
    unchanged: { status: 304, headers },
  };
}

/** A rendering is made once for each result: the bytes stay beside it in the cache. */
export function respondIfChanged(
  req: Request,
  result: UpstreamResult<unknown>,
  render: () => Rendered,
): HttpReply {
  result.rendered ??= render();
  return ifChanged(req, result.rendered as Rendered);
}

/** 304 where the client has this answer already. */
export function ifChanged(req: Request, { etag, whole, unchanged }: Rendered): HttpReply {
  return matches(req.get('if-none-match'), etag) ? unchanged : whole;
}
