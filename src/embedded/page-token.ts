import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { AwsException } from './aws-exception.ts';

const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;
/** Keeps the lengths of tokens off multiples of three, so that they end in `=` as AWS's do, and names the format. */
const version = '1';

/** Seals positions in a listing into tokens that say nothing, and opens them again. */
export interface PageTokens {
  /** A token for the position `key`, at most 255 characters, good in one listing only. */
  seal(listing: string, key: string): string;
  /** The position; throws `InvalidPaginationTokenException` for a corrupt token or one from another listing. */
  open(listing: string, token: string): string;
}

/** Tokens under a key drawn from `secret`, so that they outlive a restart. */
export function createPageTokens(secret: string): PageTokens {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'page tokens', 32));
  return {
    seal(listing, position) {
      const iv = randomBytes(ivBytes);
      const sealing = createCipheriv(cipher, key, iv).setAAD(Buffer.from(listing));
      const sealed = [sealing.update(version + position), sealing.final()];
      return Buffer.concat([iv, sealing.getAuthTag(), ...sealed]).toString('base64');
    },
    open(listing, token) {
      const bytes = Buffer.from(token, 'base64');
      // Node forgives stray characters, so one position would have many tokens.
      if (bytes.toString('base64') !== token) throw new AwsException('InvalidPaginationTokenException');
      try {
        const opening = createDecipheriv(cipher, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
          .setAAD(Buffer.from(listing))
          .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
        const opened = [opening.update(bytes.subarray(ivBytes + tagBytes)), opening.final()];
        return Buffer.concat(opened).toString().slice(version.length);
      } catch {
        throw new AwsException('InvalidPaginationTokenException');
      }
    },
  };
}
