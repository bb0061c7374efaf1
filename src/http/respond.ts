import type { Response } from 'express';

import { contextOf } from './context.ts';

/** What is answered, ready to be sent. */
export interface HttpReply {
  readonly status: number;
  /** Besides those of every answer, and in place of them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Sends a whole answer. Not `res.send`: it would hash the body for an ETag, and decide freshness by rules of its own. */
export function respond(res: Response, { status, headers, body }: HttpReply): void {
  // Written out, since Node leaves it off the answer to a HEAD.
  const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  beginResponse(res, status, { ...headers, ...length });
  res.end(body);
}

/** Writes the status and all headers at once: set one by one, Node would check each of them twice. */
export function beginResponse(res: Response, status: number, headers: HttpReply['headers']): void {
  res.writeHead(status, Object.assign(contextOf(res).headers, headers));
}
