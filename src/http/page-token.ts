import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';

import { AppError } from '../errors.ts';

/** Turns Rekognition's page tokens into this service's own, and back. */
export interface PageTokens {
  /** An opaque, URL-safe token of at most 703 characters. `scope` names the listing, and contains no NUL. */
  seal(upstreamToken: string, scope: string): string;
  /** Rekognition's token; throws `INVALID_PAGE_TOKEN` for anything but a token sealed for this scope. */
  open(token: string, scope: string): string;
}

/** A longer token is refused before it is decoded. */
const MAX_LENGTH = 1024;
const MAC_BYTES = 16;
/** The record's first byte: its version, which is also how the text after the MAC is written. */
const LATIN1 = 1;
const UTF16 = 2;

const EMPTY =
  'nextToken is empty. The first page has none: leave it out. For a later page pass nextToken of the page before.';
const UNREADABLE =
  'nextToken is not a page token of this listing. Pass nextToken of a page unchanged, or leave it out to start again.';

/** The first key seals, all of them open, so that keys can be rotated. */
export function createPageTokens([first, ...others]: readonly [string, ...string[]]): PageTokens {
  const signing = keyOf(first);
  const keys = [signing, ...others.map(keyOf)];
  return {
    seal(upstreamToken, scope) {
      const version = isLatin1(upstreamToken) ? LATIN1 : UTF16;
      const text = Buffer.from(upstreamToken, version === LATIN1 ? 'latin1' : 'utf16le');
      const mac = macOf(signing, version, scope, text);
      return Buffer.concat([Buffer.of(version), mac, text]).toString('base64url');
    },
    open(token, scope) {
      const record = decode(token);
      const version = record[0];
      const mac = record.subarray(1, 1 + MAC_BYTES);
      const text = record.subarray(1 + MAC_BYTES);
      if (text.length === 0 || (version !== LATIN1 && version !== UTF16)) throw refused();
      const opens = (key: KeyObject): boolean => timingSafeEqual(mac, macOf(key, version, scope, text));
      if (!keys.some(opens)) throw refused();
      return text.toString(version === LATIN1 ? 'latin1' : 'utf16le');
    },
  };
}

function decode(token: string): Buffer {
  if (token === '') throw new AppError('INVALID_PAGE_TOKEN', EMPTY);
  if (token.length > MAX_LENGTH) throw refused();
  const record = Buffer.from(token, 'base64url');
  // Node skips what is not base64url; only the one canonical spelling of a record is a token.
  if (record.toString('base64url') !== token) throw refused();
  return record;
}

function keyOf(secret: string): KeyObject {
  return createSecretKey(secret, 'utf8');
}

/** A scope contains no NUL, so it is clear where each part ends. */
function macOf(key: KeyObject, version: number, scope: string, text: Buffer): Buffer {
  const mac = createHmac('sha256', key).update(`rollcall page token ${version}\0${scope}\0`);
  return mac.update(text).digest().subarray(0, MAC_BYTES);
}

function isLatin1(text: string): boolean {
  return Buffer.from(text, 'latin1').toString('latin1') === text;
}

function refused(): AppError {
  return new AppError('INVALID_PAGE_TOKEN', UNREADABLE);
}
