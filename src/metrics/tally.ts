import { Counter, type Registry } from 'prom-client';

interface TallyOptions {
  readonly registry: Registry;
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** Adds to the count of these label values, which are in the order of the label names. */
export type Tally = (by: number, ...values: string[]) => void;

/**
 * A counter as plain numbers that are handed to prom-client when they are read: its own `inc` costs a microsecond,
 * and this is on the path of every request.
 */
export function createTally({ registry, name, help, labelNames }: TallyOptions): Tally {
  const counts = new Map<string, { readonly labels: Record<string, string>; count: number }>();
  new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, count } of counts.values()) this.inc(labels, count);
    },
  });
  return (by, ...values) => {
    const key = values.join(' ');
    const known = counts.get(key);
    if (known) known.count += by;
    else {
      const labels = Object.fromEntries(labelNames.map((label, at) => [label, values[at] ?? '']));
      counts.set(key, { labels, count: by });
    }
  };
}
