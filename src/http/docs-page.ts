import { readFile } from 'node:fs/promises';

import type { RequestHandler } from 'express';

import { respond, etagOf, matches } from './respond.ts';

/** Only what the service itself serves; no inline script or style; nothing that turns text into markup. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const files = [
  { path: '/docs', name: 'index.html', type: 'text/html' },
  { path: '/docs/docs.css', name: 'docs.css', type: 'text/css' },
  { path: '/docs/docs.js', name: 'docs.js', type: 'text/javascript' },
  { path: '/docs/icon.svg', name: 'icon.svg', type: 'image/svg+xml' },
];

interface DocsOptions {
  /** Where the build has put the page and its files; with a slash at its end. */
  readonly directory: URL;
  /** There are example collections, and others that fail on purpose. */
  readonly examples: boolean;
  /** Callers need a bearer token. */
  readonly bearer: boolean;
}

/** The contract as a page: each path with its handler. Files are read when they are first asked for. */
export function docsPage({
  directory,
  examples,
  bearer,
}: DocsOptions): (readonly [string, RequestHandler])[] {
  const html = `<html${examples ? ' data-examples' : ''}${bearer ? ' data-bearer' : ''}`;
  return files.map(({ path, name, type }) => {
    const read = async (): Promise<string> =>
      (await readFile(new URL(name, directory), 'utf8')).replace('<html', html);
    return [path, serveText(`${type}; charset=utf-8`, read)];
  });
}

/** Leads elsewhere: `GET /` to the page. */
export function redirectTo(path: string): RequestHandler {
  return (_req, res) => {
    respond(res, { status: 303, headers: { Location: path }, body: '' });
  };
}

function serveText(type: string, read: () => Promise<string>): RequestHandler {
  let known: { readonly text: string; readonly etag: string } | undefined;
  return async (req, res) => {
    if (!known) {
      const text = await read();
      known = { text, etag: etagOf(text) };
    }
    const { text, etag } = known;
    const headers = { 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-cache', ETag: etag };
    if (matches(req.get('if-none-match'), etag)) respond(res, { status: 304, headers });
    else respond(res, { status: 200, headers: { ...headers, 'Content-Type': type }, body: text });
  };
}
