/** Something with a name of its own and a place in an order. Both are unique and never change. */
export interface Entry {
  readonly id: string;
  readonly key: string;
}

/** Entries by name and in the order of their keys: pages cost O(log n) to find, whatever comes and goes between them. */
export class SortedIndex<T extends Entry> {
  private readonly byId: Map<string, T>;
  private readonly ordered: T[];

  constructor(entries: readonly T[] = []) {
    this.byId = new Map(entries.map((entry) => [entry.id, entry]));
    this.ordered = [...this.byId.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  get size(): number {
    return this.ordered.length;
  }

  get(id: string): T | undefined {
    return this.byId.get(id);
  }

  add(entry: T): void {
    this.byId.set(entry.id, entry);
    this.ordered.splice(this.firstAfter(entry.key), 0, entry);
  }

  delete(entry: T): void {
    this.byId.delete(entry.id);
    this.ordered.splice(this.firstAfter(entry.key) - 1, 1);
  }

  /** Up to `limit` entries beyond `key` (from the start without one), and the key to go on from where there is more. */
  page(key: string | undefined, limit: number): { readonly entries: readonly T[]; readonly next?: string } {
    const start = key === undefined ? 0 : this.firstAfter(key);
    const entries = this.ordered.slice(start, start + limit);
    const last = entries.at(-1);
    return last && start + limit < this.ordered.length ? { entries, next: last.key } : { entries };
  }

  private firstAfter(key: string): number {
    let [low, high] = [0, this.ordered.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.ordered[middle]?.key ?? '') <= key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
