import createClient from 'openapi-fetch';

import { failure, failureOf } from './failure.ts';
import { createPatience } from './patience.ts';
import type { paths } from './schema.ts';
import type { OpenStream } from './user-stream.ts';
import type { UsersPage } from './users.ts';

/** How to reach the service. */
export interface Connection {
  /** Such as `https://rollcall.example.com`. */
  readonly baseUrl: string;
  /** A bearer token, or what gives one: it is asked before every request. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** In place of the global `fetch`. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** How long the service may be silent before an attempt counts as failed, in milliseconds: 30,000. */
  readonly timeoutMs?: number | undefined;
}

interface PageRequest {
  readonly collectionId: string;
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
  readonly previous?: UsersPage | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The requests, one attempt each. */
export interface Requests {
  getPage(request: PageRequest): Promise<UsersPage>;
  openStream(request: Pick<PageRequest, 'collectionId' | 'nextToken' | 'signal'>): Promise<OpenStream>;
}

const PAGE = '/collections/{collectionId}/users';
const STREAM = `${PAGE}.ndjson` as const;

/** The requests to one service. */
export function createRequests({ baseUrl, token, fetch, timeoutMs = 30_000 }: Connection): Requests {
  const api = createClient<paths>({ baseUrl, ...(fetch && { fetch }) });

  async function authorization(): Promise<Record<string, string>> {
    const value = typeof token === 'function' ? await token() : token;
    return value === undefined ? {} : { Authorization: `Bearer ${value}` };
  }

  return {
    async getPage({ collectionId, maxResults, nextToken, previous, signal }) {
      const path = checkedPath(collectionId);
      const headers = await authorization();
      if (previous?.etag !== undefined) headers['If-None-Match'] = previous.etag;
      const query = {
        ...(maxResults !== undefined && { maxResults }),
        ...(nextToken !== undefined && { nextToken }),
      };
      const patience = createPatience(timeoutMs, signal);
      const { data, error, response } = await patience.wait(
        api.GET(PAGE, { params: { path, query }, headers, signal: patience.signal }),
      );
      const { status, headers: answered } = response;
      const etag = answered.get('etag') ?? undefined;
      const requestId = answered.get('x-request-id') ?? undefined;
      if (status === 304 && previous) {
        return {
          users: previous.users,
          nextToken: nextTokenOf(answered) ?? previous.nextToken,
          etag,
          requestId,
        };
      }
      if (!Array.isArray(data?.users)) throw failureOf(error, response);
      return { users: data.users, nextToken: data.nextToken, etag, requestId };
    },

    async openStream({ collectionId, nextToken, signal }) {
      const path = checkedPath(collectionId);
      const headers = await authorization();
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
      if (!data) throw failureOf(error, response);
      const total = response.headers.get('x-total-users');
      return { body: data, total: total === null ? undefined : Number(total), patience };
    },
  };
}

/** No URL can carry these: it would ask for another path. */
function checkedPath(collectionId: string): { collectionId: string } {
  if (!['', '.', '..'].includes(collectionId)) return { collectionId };
  const detail = 'Give the id of a collection.';
  const errors = [{ in: 'path', name: 'collectionId', detail }] as const;
  throw failure('INVALID_PARAMETER', detail, { status: 400, title: 'Invalid parameter', errors });
}

/** The page token in `Link`: on a 304 there is no body to hold it. */
function nextTokenOf(headers: Headers): string | undefined {
  return /[?&]nextToken=([\w-]+)[^>]*>; *rel="next"/.exec(headers.get('link') ?? '')?.[1];
}
