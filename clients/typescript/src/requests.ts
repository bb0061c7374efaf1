import { failure, failureOf } from './failure.ts';
import type { CallOptions, Connection, ListingOptions, OnePageOptions } from './options.ts';
import { createReadTimeout, type ReadTimeout } from './read-timeout.ts';
import { unlessAborted } from './retry.ts';
import type { paths } from './schema.ts';
import type { OpenStream } from './user-stream.ts';
import type { Page } from './users.ts';

type Path = keyof paths & `/collections${string}`;

/** The ids in a path. */
type Ids = Readonly<Record<string, string>>;

/** The requests, one attempt each. */
export interface Requests {
  /** One object, recognised by a member that it always has. */
  one: <T>(member: keyof T & string, path: Path, ids: Ids, options: CallOptions) => Promise<T>;
  /** One page, whose items are in a member of this name. */
  page: <P extends Page>(
    member: keyof P & string,
    path: Path,
    ids: Ids,
    options: OnePageOptions<P>,
  ) => Promise<P>;
  stream: (path: Path, ids: Ids, options: ListingOptions) => Promise<OpenStream>;
}

/** A response whose body is yet to be read. */
interface Opened {
  readonly response: Response;
  readonly readTimeout: ReadTimeout;
}

/** The requests to one service. */
export function createRequests(connection: Connection): Requests {
  // The global `fetch` is looked up for each request: tools that watch or mock requests replace it later.
  const { token, fetch: send = (request: Request) => fetch(request), timeoutMs = 30_000 } = connection;
  const baseUrl = baseOf(connection.baseUrl);

  /** Made before the request: a header that cannot be sent is not a failure of the network. */
  async function headersOf({ headers }: CallOptions, etag?: string): Promise<Headers> {
    const value = typeof token === 'function' ? await token() : token;
    const sent = new Headers(headers);
    if (value !== undefined) sent.set('Authorization', `Bearer ${value}`);
    if (etag !== undefined) sent.set('If-None-Match', etag);
    return sent;
  }

  async function get(path: Path, ids: Ids, options: OnePageOptions<Page>): Promise<Opened> {
    const url = baseUrl + targetOf(path, ids, options);
    const headers = await unlessAborted(headersOf(options, options.previous?.etag), options.signal);
    const readTimeout = createReadTimeout(timeoutMs, options.signal);
    const { signal } = readTimeout;
    const response = await readTimeout.wait(send(new Request(url, { headers, signal })));
    options.onResponse?.(response);
    return { response, readTimeout };
  }

  return {
    async one<T>(member: keyof T & string, path: Path, ids: Ids, options: CallOptions) {
      const opened = await get(path, ids, options);
      const body = await jsonOf<T>(opened);
      if (!opened.response.ok || typeof body?.[member] !== 'string') throw failureOf(body, opened.response);
      return body as T;
    },

    async page<P extends Page>(member: keyof P & string, path: Path, ids: Ids, options: OnePageOptions<P>) {
      const opened = await get(path, ids, options);
      const { headers, ok, status } = opened.response;
      const isSame = status === 304;
      const body = isSame ? options.previous : await jsonOf<P>(opened);
      if (!(ok || isSame) || !Array.isArray(body?.[member])) throw failureOf(body, opened.response);
      return {
        [member]: body[member],
        nextToken: nextTokenOf(headers) ?? body.nextToken,
        etag: headers.get('etag') ?? undefined,
        requestId: headers.get('x-request-id') ?? undefined,
      } as unknown as P;
    },

    async stream(path, ids, options) {
      const opened = await get(path, ids, options);
      const { ok, body, headers } = opened.response;
      // An empty page of a proxy would be an empty collection.
      const isStream = ok && headers.get('content-type')?.startsWith('application/x-ndjson');
      if (!isStream || !body) throw failureOf(await jsonOf(opened), opened.response);
      const total = headers.get('x-total-users');
      return { body, total: total === null ? undefined : Number(total), readTimeout: opened.readTimeout };
    },
  };
}

/** The path and the query of a request. */
function targetOf(path: Path, ids: Ids, { maxResults, nextToken }: OnePageOptions<Page>): string {
  const target = path.replace(/\{(\w+)\}/g, (_, name: string) => encodedId(name, ids[name] ?? ''));
  const query = new URLSearchParams();
  if (maxResults !== undefined) query.set('maxResults', String(maxResults));
  if (nextToken !== undefined) query.set('nextToken', nextToken);
  // Not `query.size`, which some platforms lack: every page would be the first.
  const text = query.toString();
  return text ? `${target}?${text}` : target;
}

/** The body as JSON; undefined if it is not JSON. */
async function jsonOf<T>({ response, readTimeout }: Opened): Promise<Partial<T> | null | undefined> {
  const text = await readTimeout.wait(response.text());
  try {
    return JSON.parse(text) as Partial<T> | null;
  } catch {
    return undefined;
  }
}

/**
 * The URL that paths are appended to. `fetch` would refuse other URLs at each attempt, as if the network had failed. A path
 * is one of the page's own origin.
 */
function baseOf(baseUrl: string): string {
  const page = (globalThis as { location?: { href: string } }).location?.href;
  const url = baseUrl || '/';
  const { href } = URL.canParse(url, page) ? new URL(url, page) : { href: '' };
  if (!/^https?:\/\/[^/@]+\/[^?#]*$/.test(href)) throw new TypeError(`baseUrl is not a URL: ${baseUrl}`);
  return href.replace(/\/+$/, '');
}

/** Some ids cannot be in a URL, or the URL would have another path. */
function encodedId(name: string, id: string): string {
  if (!/^\.{0,2}$|\p{Surrogate}/u.test(id)) return encodeURIComponent(id);
  const detail = `Give the id of a ${name === 'userId' ? 'user' : 'collection'}.`;
  const errors = [{ location: 'path', name, detail }] as const;
  throw failure('INVALID_PARAMETER', detail, { status: 400, title: 'Invalid parameter', errors });
}

/** The page token in `Link`: on a 304 there is no body to hold it. */
function nextTokenOf(headers: Headers): string | undefined {
  return /[?&]nextToken=([\w-]+)[^>]*>; *rel="next"/.exec(headers.get('link') ?? '')?.[1];
}
