/** What a reader of a stream has taken so far, and whether there is more to take. */
export interface ReaderProgress {
  /** Milliseconds of a clock that never goes back. */
  readonly at: number;
  readonly takenBytes: number;
  readonly isPending: boolean;
}

interface ReaderLimits {
  /** How long a reader may take nothing, in milliseconds. */
  readonly idleMs: number;
  /** What a reader must take on average over a minute; 0 is no limit. */
  readonly minBytesPerSecond: number;
}

/** Why a reader is cut off. */
export type CutOffReason = 'idle' | 'slow';

const WINDOW_MS = 60_000;

/**
 * Judges a reader by samples of its progress. Only time in which there was something to take counts: a reader is not
 * responsible for Rekognition's pace.
 */
export function createReaderWatch(
  { idleMs, minBytesPerSecond }: ReaderLimits,
  start: ReaderProgress,
): (sample: ReaderProgress) => CutOffReason | undefined {
  let last = start;
  let stoppedMs = 0;
  let window = { ms: 0, bytes: 0 };
  return (sample) => {
    const ms = last.isPending ? sample.at - last.at : 0;
    const bytes = sample.takenBytes - last.takenBytes;
    last = sample;
    stoppedMs = bytes === 0 ? stoppedMs + ms : 0;
    window = { ms: window.ms + ms, bytes: window.bytes + bytes };
    if (stoppedMs >= idleMs) return 'idle';
    // The kernel takes bytes in bursts, so a window lasts until one of them: then it holds whole bursts.
    if (window.ms < WINDOW_MS || bytes === 0) return undefined;
    const isSlow = window.bytes < (minBytesPerSecond * window.ms) / 1000;
    window = { ms: 0, bytes: 0 };
    return isSlow ? 'slow' : undefined;
  };
}
