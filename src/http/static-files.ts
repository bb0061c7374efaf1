import { readFile } from 'node:fs/promises';

import type { RequestHandler } from 'express';

import { ifChanged, renderText, respond, type Rendered } from './respond.ts';

/** For the page: only what the service itself serves; no inline script or style; nothing that turns text into markup. */
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
  { path: '/openapi.yaml', name: 'openapi.yaml', type: 'application/yaml' },
  { path: '/openapi.json', name: 'openapi.json', type: 'application/json' },
  { path: '/openapi-3.0.json', name: 'openapi-3.0.json', type: 'application/json' },
  { path: '/docs', name: 'index.html', type: 'text/html' },
  { path: '/docs/docs.css', name: 'docs.css', type: 'text/css' },
  { path: '/docs/docs.js', name: 'docs.js', type: 'text/javascript' },
  { path: '/docs/icon.svg', name: 'icon.svg', type: 'image/svg+xml' },
];

interface StaticFilesOptions {
  /** Where the build has put the files, with a slash at its end. */
  readonly directory: URL;
  /** There are example collections, and others that fail on purpose. */
  readonly examples: boolean;
  /** Callers need a bearer token. */
  readonly bearer: boolean;
}

/** The contract, as it is and as a page: each path with its handler, which reads the file at its first request. */
export function staticFiles({
  directory,
  examples,
  bearer,
}: StaticFilesOptions): (readonly [string, RequestHandler])[] {
  const html = `<html${examples ? ' data-examples' : ''}${bearer ? ' data-bearer' : ''}`;
  return files.map(({ path, name, type }) => {
    const isPage = type === 'text/html';
    const headers = { 'Cache-Control': 'no-cache', ...(isPage && { 'Content-Security-Policy': POLICY }) };
    let rendered: Rendered | undefined;
    const handler: RequestHandler = async (req, res) => {
      if (!rendered) {
        const text = await readFile(new URL(name, directory), 'utf8');
        rendered = renderText(isPage ? text.replace('<html', html) : text, { type, headers });
      }
      respond(res, ifChanged(req, rendered));
    };
    return [path, handler];
  });
}

/** Redirects to a path beside the request's, which also works behind a proxy that adds a prefix. */
export function redirectTo(path: string): RequestHandler {
  return (_req, res) => {
    respond(res, { status: 303, headers: { Location: path }, body: '' });
  };
}
