import createClient from 'openapi-fetch';

import { failure, failureOf } from './failure.ts';
import { createPatience } from './patience.ts';
import type { CallOptions, Connection } from './options.ts';
import type { paths } from './schema.ts';
import type { OpenStream } from './user-stream.ts';
import type { UsersPage } from './users.ts';

interface PageRequest extends CallOptions {
  readonly collectionId: string;
  readonly maxResults?: number | undefined;
  readonly previous?: UsersPage | undefined;
}

/** The requests, one attempt each. */
export interface Requests {
  getPage(request: PageRequest): Promise<UsersPage>;
  openStream(request: CallOptions & { readonly collectionId: string }): Promise<OpenStream>;
}

const PAGE = '/collections/{collectionId}/users';
const STREAM = `${PAGE}.ndjson` as const;

/** The requests to one service. */
export function createRequests({ baseUrl, token, fetch, timeoutMs = 30_000 }: Connection): Requests {
  requireUrl(baseUrl);
  const api = createClient<paths>({ baseUrl, ...(fetch && { fetch }) });

  /** Made before the request: a header that can't be sent is no failure of the network. */
  async function headersOf({ headers }: CallOptions, etag?: string): Promise<Headers> {
    const value = typeof token === 'function' ? await token() : token;
    const sent = new Headers(headers);
    if (value !== undefined) sent.set('Authorization', `Bearer ${value}`);
    if (etag !== undefined) sent.set('If-None-Match', etag);
    return sent;
  }

  return {
    async getPage({ collectionId, maxResults, nextToken, previous, signal, ...options }) {
      const path = checkedPath(collectionId);
      const headers = await headersOf(options, previous?.etag);
      const query = {
        ...(maxResults !== undefined && { maxResults }),
        ...(nextToken !== undefined && { nextToken }),
      };
      const patience = createPatience(timeoutMs, signal);
      const { data, error, response } = await patience.wait(
        api.GET(PAGE, { params: { path, query }, headers, signal: patience.signal }),
      );
      options.onResponse?.(response);
      const known = {
        etag: response.headers.get('etag') ?? undefined,
        requestId: response.headers.get('x-request-id') ?? undefined,
      };
      if (response.status === 304 && previous) {
        const next = nextTokenOf(response.headers) ?? previous.nextToken;
        return { users: previous.users, nextToken: next, ...known };
      }
      if (!Array.isArray(data?.users)) throw failureOf(error, response);
      return { users: data.users, nextToken: data.nextToken, ...known };
    },

    async openStream({ collectionId, nextToken, signal, ...options }) {
      const path = checkedPath(collectionId);
      const headers = await headersOf(options);
      const query = nextToken === undefined ? {} : { nextToken };
      const patience = createPatience(timeoutMs, signal);
      const { data, error, response } = await patience.wait(
        api.GET(STREAM, {
          params: { path, query },
          headers,
          signal: patience.signal,
          parseAs: 'stream',
        }),
      );
      options.onResponse?.(response);
      if (!data) throw failureOf(error, response);
      const total = response.headers.get('x-total-users');
      return { body: data, total: total === null ? undefined : Number(total), patience };
    },
  };
}

/** `fetch` would refuse these again and again, as if the network had failed. A path is one of the page's own origin. */
function requireUrl(baseUrl: string): void {
  const page = (globalThis as { location?: { href: string } }).location?.href;
  const { href } = URL.canParse(baseUrl, page) ? new URL(baseUrl, page) : { href: '' };
  if (!/^https?:\/\/[^/@]+\/[^?#]*$/.test(href)) throw new TypeError(`This baseUrl is no URL: ${baseUrl}`);
}

/** No URL can carry these: it would ask for another path. */
function checkedPath(collectionId: string): { collectionId: string } {
  if (!['', '.', '..'].includes(collectionId)) return { collectionId };
  const detail = 'Give the id of a collection.';
  const errors = [{ location: 'path', name: 'collectionId', detail }] as const;
  throw failure('INVALID_PARAMETER', detail, { status: 400, title: 'Invalid parameter', errors });
}

/** The page token in `Link`: on a 304 there is no body to hold it. */
function nextTokenOf(headers: Headers): string | undefined {
  return /[?&]nextToken=([\w-]+)[^>]*>; *rel="next"/.exec(headers.get('link') ?? '')?.[1];
}
