/** The longest wait that is passed on, whatever upstream asks for: a recovery should not go unnoticed for longer. */
const LONGEST_MS = 3_600_000;

/** `Retry-After` as seconds, whole or not, or as a date: milliseconds from now, an hour at most. */
export function retryAfterMs(value: string | undefined, now: () => number): number | undefined {
  const text = value?.trim() ?? '';
  // Where the header came twice, the first one counts.
  const [seconds] = /^\d+(\.\d+)?(?=\s*(,|$))/.exec(text) ?? [];
  // `Date.parse` also takes much that is no date of HTTP, such as -5.
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) - now() : NaN;
  const ms = seconds === undefined ? date : Number(seconds) * 1000;
  return Number.isNaN(ms) ? undefined : Math.min(LONGEST_MS, Math.max(0, Math.ceil(ms)));
}
