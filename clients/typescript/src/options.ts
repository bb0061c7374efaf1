import type { Platform } from './platform.ts';
import type { RetryPolicy } from './retry.ts';

/** How to reach the service. */
export interface Connection {
  /** Such as `https://rollcall.example.com`. */
  readonly baseUrl: string;
  /** A bearer token, or what gives one: it is asked before every request. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** In place of the global `fetch`. */
  readonly fetch?: ((request: Platform<'Request'>) => Promise<Platform<'Response'>>) | undefined;
  /** How long the service may be silent before an attempt counts as failed, in milliseconds: 30,000. */
  readonly timeoutMs?: number | undefined;
}

/** How to reach the service, and what to do when it fails. */
export interface RollcallOptions extends Connection {
  /** 3 attempts and waits up to 20 s, unless said otherwise. */
  readonly retry?: Partial<RetryPolicy> | undefined;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call, waits between attempts included; the call rejects with its reason. */
  readonly signal?: Platform<'AbortSignal'> | undefined;
  /** Sent with each request of the call, such as `traceparent`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sees each answer before it is read, errors included: its `X-Request-Id` and `RateLimit` say more. */
  readonly onResponse?: ((response: Platform<'Response'>) => void) | undefined;
}

/** What every call of a listing takes. */
export interface ListingOptions extends CallOptions {
  /** Where to go on: `nextToken` of the page before, or of an error of a stream. */
  readonly nextToken?: string | undefined;
}

/** What every call takes that reads pages. */
export interface PageOptions extends ListingOptions {
  /** The most items of a page: 1 to 500 users, 1 to 1,000 collections. */
  readonly maxResults?: number | undefined;
}

/** What a call takes that reads one page. */
export interface OnePageOptions<Page> extends PageOptions {
  /** An earlier answer to the same request: where it still holds, its items come back, the very same array. */
  readonly previous?: Page | undefined;
}
