import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';

import type { RequestHandler } from 'express';
import { parse } from 'yaml';

import type { Contract } from '../docs-page/contract.ts';
import { renderPage } from '../docs-page/render-page.ts';
import { answer } from './answer.ts';
import { etagOf, matches } from './etag.ts';

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

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

/** The files of the page, under /docs. */
export const docsAssets = ['docs.css', 'docs.js', 'icon.svg'] as const;

interface DocsOptions {
  /** The text of openapi.yaml. */
  readonly contract: string;
  /** The backend is the embedded Rekognition, with its example collections. */
  readonly embedded: boolean;
  /** Callers need a bearer token. */
  readonly bearer: boolean;
}

/** `GET /docs`: the contract as a page, rendered when it is first asked for. */
export function docsPage({ contract, embedded, bearer }: DocsOptions): RequestHandler {
  return serveText('.html', () =>
    Promise.resolve(renderPage({ contract: parse(contract) as Contract, embedded, bearer })),
  );
}

/** One file of the page, read when it is first asked for. */
export function docsAsset(directory: URL, name: (typeof docsAssets)[number]): RequestHandler {
  return serveText(extname(name), () => readFile(new URL(name, directory), 'utf8'));
}

function serveText(extension: string, make: () => Promise<string>): RequestHandler {
  const type = { 'Content-Type': `${mediaTypes[extension]}; charset=utf-8` };
  let made: { readonly text: string; readonly etag: string } | undefined;
  return async (req, res) => {
    if (!made) {
      const text = await make();
      made = { text, etag: etagOf(text) };
    }
    const { text, etag } = made;
    const headers = { 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-cache', ETag: etag };
    if (matches(req.get('if-none-match'), etag)) answer(res, { status: 304, headers });
    else answer(res, { status: 200, headers: { ...headers, ...type }, body: text });
  };
}
