/** The ranges that hold JSON, the most specific first. Real clients send a lone `*` for the last. */
const RANGES: readonly (readonly string[])[] = [['application/json'], ['application/*'], ['*/*', '*']];

/** A quoted string, closed or not: it may hold the commas and semicolons that separate. */
const QUOTED = /"(?:[^"\\]|\\[^]?)*"?/g;

/**
 * Whether `Accept` allows JSON (RFC 9110, 12.5.1): the most specific range decides, by its best weight. Of its
 * parameters only `q` counts: clients name a charset or a version of which the service knows nothing.
 */
export function acceptsJson(accept = ''): boolean {
  const accepted = accept.replace(QUOTED, '').toLowerCase().split(',').map(readRange);
  const named = accepted.filter(({ range }) => range !== '');
  if (named.length === 0) return true;
  for (const names of RANGES) {
    const fitting = named.filter(({ range }) => names.includes(range));
    if (fitting.length > 0) return fitting.some(({ weight }) => weight > 0);
  }
  return false;
}

interface AcceptedRange {
  readonly range: string;
  readonly weight: number;
}

function readRange(text: string): AcceptedRange {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim());
  const weights = parameters.filter((parameter) => /^q\s*=/.test(parameter));
  const weight = Number.parseFloat(weights[0]?.replace(/^q\s*=/, '') ?? '1');
  // A weight that cannot be read counts as none: the client has named the range.
  return { range, weight: Number.isNaN(weight) ? 1 : weight };
}
