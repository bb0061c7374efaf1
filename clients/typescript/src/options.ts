import type { Platform } from './platform.ts';
import type { RetryPolicy } from './retry.ts';

/** How to reach the service. */
export interface Connection {
  /** Such as `https://rollcall.example.com`. */
  readonly baseUrl: string;
  /** A bearer token, or a function that returns one and is called before every request. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Used instead of the global `fetch`. */
  readonly fetch?: ((request: Platform<'Request'>) => Promise<Platform<'Response'>>) | undefined;
  /** How long the service may send nothing before an attempt fails, in milliseconds: 30,000 by default. */
  readonly timeoutMs?: number | undefined;
}

/** How to reach the service, and what to do when it fails. */
export interface RollcallOptions extends Connection {
  /** By default 3 attempts, and waits of up to 20 s. */
  readonly retry?: { readonly [Name in keyof RetryPolicy]?: RetryPolicy[Name] | undefined } | undefined;
}

/** The options of every call. */
export interface CallOptions {
  /** Aborts the call, also during a wait between attempts; the call rejects with the signal's reason. */
  readonly signal?: Platform<'AbortSignal'> | undefined;
  /** Sent with each request of the call, such as `traceparent`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Called with each response, errors included, before its body is read: for `X-Request-Id` or `RateLimit`. */
  readonly onResponse?: ((response: Platform<'Response'>) => void) | undefined;
}

/** The options of every call that lists. */
export interface ListingOptions extends CallOptions {
  /** Where to continue: `nextToken` of the page before, or of an error of a stream. */
  readonly nextToken?: string | undefined;
}

/** The options of every call that reads pages. */
export interface PageOptions extends ListingOptions {
  /** The most items of a page: 1 to 500 users, or 1 to 1,000 collections. */
  readonly maxResults?: number | undefined;
}

/** The options of a call that reads one page. */
export interface OnePageOptions<Page> extends PageOptions {
  /** An earlier result of the same request: if it is still valid, its items are returned, as the same array. */
  readonly previous?: Page | undefined;
}
