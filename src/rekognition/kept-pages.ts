import { LRUCache } from 'lru-cache';

import type { AppError } from '../errors.ts';
import type { Page } from './page.ts';

/** What is known of a page: the page, or that its collection does not exist. */
export type Finding = Page | AppError;

/** Findings that are still young enough to be shown. */
export interface KeptPages {
  get(key: string): Finding | undefined;
  keep(key: string, finding: Finding): void;
  /** How many there are, and about how many bytes they take. */
  state(): { readonly pages: number; readonly bytes: number };
}

const MAX_PAGES = 5000;
const MAX_BYTES = 64 * 1024 * 1024;
/** About what an entry takes, and each of its users besides its characters, once as objects and once as JSON. */
const ENTRY_BYTES = 1000;
const USER_BYTES = 250;

/** Keeps findings for `ttlMs`; 0 keeps none. They are user ids, so what is too old goes at once, unasked for or not. */
export function createKeptPages(ttlMs: number): KeptPages {
  if (ttlMs === 0) {
    return { get: () => undefined, keep: () => undefined, state: () => ({ pages: 0, bytes: 0 }) };
  }
  const kept = new LRUCache<string, Finding>({
    max: MAX_PAGES,
    maxSize: MAX_BYTES,
    sizeCalculation: bytesOf,
    ttl: ttlMs,
    ttlResolution: 0,
    ttlAutopurge: true,
  });
  return {
    get: (key) => kept.get(key),
    keep(key, finding) {
      kept.set(key, finding);
    },
    state: () => ({ pages: kept.size, bytes: kept.calculatedSize }),
  };
}

function bytesOf(finding: Finding): number {
  return ENTRY_BYTES + (finding instanceof Error ? 0 : finding.users.length * USER_BYTES);
}
