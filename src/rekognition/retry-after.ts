/** A longer wait that upstream asks for is shortened, so that callers notice a recovery. */
const LONGEST_MS = 3_600_000;

/** `Retry-After` as seconds, whole or not, or as a date: milliseconds from now, an hour at most. */
export function retryAfterMs(value: string | undefined, now: () => number): number | undefined {
  const text = value?.trim() ?? '';
  // If the header came twice, the first one counts.
  const [seconds] = /^\d+(\.\d+)?(?=\s*(,|$))/.exec(text) ?? [];
  // `Date.parse` also accepts much that is no HTTP date, such as -5.
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) - now() : NaN;
  const ms = seconds === undefined ? date : Number(seconds) * 1000;
  return Number.isNaN(ms) ? undefined : Math.min(LONGEST_MS, Math.max(0, Math.ceil(ms)));
}
