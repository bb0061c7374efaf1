import type { Response } from 'express';

import { CLIENT_LEFT } from './context.ts';

/** How much is written at once. Only the end of a write shows that its reader takes something. */
const PIECE_BYTES = 16 * 1024;

/**
 * Writes a page in pieces; rejects with the reason of `signal`. What is left of a page that has begun is handed over
 * first, so that the page is whole before the last line.
 */
export async function writePage(
  res: Response,
  items: readonly unknown[],
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const pieces = [...piecesOf(items)];
  try {
    while (pieces.length > 0) {
      signal.throwIfAborted();
      await write(res, pieces.shift() ?? '', signal);
    }
  } catch (error) {
    res.write(pieces.join(''));
    throw error;
  }
}

function* piecesOf(items: readonly unknown[]): Generator<string> {
  let piece = '';
  for (const item of items) {
    piece += `${JSON.stringify(item)}\n`;
    if (piece.length < PIECE_BYTES) continue;
    yield piece;
    piece = '';
  }
  if (piece) yield piece;
}

/** Resolves when the kernel has taken all of `text`; rejects with the reason of `signal`. */
export function write(res: Response, text: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) {
      giveUp();
      return;
    }
    signal.addEventListener('abort', giveUp, { once: true });
    res.write(text, (error) => {
      signal.removeEventListener('abort', giveUp);
      if (error) reject(CLIENT_LEFT);
      else resolve();
    });
  });
}
