import { createHash, createHmac, type BinaryLike } from 'node:crypto';

import type { Checksum, SourceData } from '@smithy/types';

/** Node's SHA-256, as the signer takes a hash. */
export class Sha256 implements Checksum {
  private readonly hash: { update(chunk: Uint8Array): unknown; digest(): Buffer };

  constructor(secret?: SourceData) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as BinaryLike);
  }

  update(chunk: Uint8Array): void {
    this.hash.update(chunk);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest());
  }

  reset(): void {
    throw new Error('a hash is used once');
  }
}
