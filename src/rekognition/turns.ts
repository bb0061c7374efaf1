/** Interactive pages go before exports. */
export type Priority = 'page' | 'export';

/** What decides whose turn it is. */
export interface Place {
  readonly caller: string;
  readonly priority: Priority;
}

/**
 * Who is next. Pages go before exports; within each, callers take turns, and each caller's own come in the
 * order they came.
 */
export interface Turns<T extends object> {
  readonly size: number;
  count(priority: Priority): number;
  /** How many go before one that comes now. */
  ahead(place: Place): number;
  /**
   * How many go before one that comes now, should every caller who waits put in as many as this one has.
   * Who is let in by this number is not pushed out by the turns of others.
   */
  atWorst(place: Place): number;
  add(item: T, place: Place): void;
  /** Takes an item out of its line; nothing happens where it is in none. */
  remove(item: T): void;
  /** Removes the first, and sends its caller to the end. */
  next(): T | undefined;
  priorityOf(item: T): Priority | undefined;
  /** Whether a waiting item would come sooner at the other place. */
  improves(item: T, place: Place): boolean;
  /** The last page of the caller with most pages, if one more of this caller would still be fewer. */
  displacedBy(caller: string): T | undefined;
  /** Those that are late at their positions, when the ones found late make way for those behind them. */
  late(isLate: (item: T, position: number) => boolean): T[];
}

/** The callers of one class in the order of their next turns, each with its own in order. None is empty. */
type Ring<T> = Map<string, Set<T>>;

/** An empty queue. */
export function createTurns<T extends object>(): Turns<T> {
  const rings: Readonly<Record<Priority, Ring<T>>> = { page: new Map(), export: new Map() };
  const counts: Record<Priority, number> = { page: 0, export: 0 };
  const places = new Map<T, Place>();

  const aheadOf = ({ caller, priority }: Place, own?: number): number =>
    (priority === 'page' ? 0 : counts.page) + positionIn(rings[priority], caller, own);

  const remove = (item: T): void => {
    const place = places.get(item);
    if (!place) return;
    const ring = rings[place.priority];
    const line = ring.get(place.caller);
    line?.delete(item);
    if (line?.size === 0) ring.delete(place.caller);
    counts[place.priority] -= 1;
    places.delete(item);
  };

  return {
    get size() {
      return places.size;
    },
    count: (priority) => counts[priority],
    ahead: (place) => aheadOf(place),
    atWorst(place) {
      const { caller, priority } = place;
      const ring = rings[priority];
      const own = ring.get(caller)?.size ?? 0;
      if (own === 0) return aheadOf(place);
      const turn = [...ring.keys()].indexOf(caller);
      return (priority === 'page' ? 0 : counts.page) + own * ring.size + turn;
    },
    add(item, place) {
      const ring = rings[place.priority];
      const line = ring.get(place.caller);
      if (line) line.add(item);
      else ring.set(place.caller, new Set([item]));
      counts[place.priority] += 1;
      places.set(item, place);
    },
    remove,
    next() {
      const ring = counts.page > 0 ? rings.page : rings.export;
      for (const [caller, line] of ring) {
        ring.delete(caller);
        ring.set(caller, line);
        for (const item of line) {
          remove(item);
          return item;
        }
      }
      return undefined;
    },
    priorityOf: (item) => places.get(item)?.priority,
    improves(item, place) {
      const present = places.get(item);
      if (!present) return false;
      if (present.priority !== place.priority) return place.priority === 'page';
      const own = indexOf(item, rings[present.priority].get(present.caller));
      return aheadOf(place) < aheadOf(present, own);
    },
    displacedBy(caller) {
      const longest = longestOf(rings.page);
      return longest.size > (rings.page.get(caller)?.size ?? 0) + 1 ? lastOf(longest) : undefined;
    },
    late(isLate) {
      const found: T[] = [];
      let position = 0;
      for (const ring of [rings.page, rings.export]) {
        position = walk(ring, position, (item, at) => {
          const late = isLate(item, at);
          if (late) found.push(item);
          return !late;
        });
      }
      return found;
    },
  };
}

/**
 * How many of a ring go before the one with `own` of the same caller before it; by default, before a newcomer.
 * Every caller ahead in the ring has had one turn more by then.
 */
function positionIn(ring: Ring<unknown>, caller: string, own = ring.get(caller)?.size ?? 0): number {
  if (own === 0 && !ring.has(caller)) return ring.size;
  let ahead = 0;
  let before = 1;
  for (const [name, line] of ring) {
    if (name === caller) before = 0;
    ahead += Math.min(line.size, own + before);
  }
  return ahead;
}

/** Goes through a ring in the order of turns. One that is not kept leaves its turn to its caller's next. */
function walk<T>(ring: Ring<T>, start: number, keeps: (item: T, position: number) => boolean): number {
  let position = start;
  let lines = Array.from(ring.values(), (line) => line.values());
  const takesTurn = (line: SetIterator<T>): boolean => {
    for (let step = line.next(); !step.done; step = line.next()) {
      if (keeps(step.value, position)) {
        position += 1;
        return true;
      }
    }
    return false;
  };
  while (lines.length > 0) lines = lines.filter(takesTurn);
  return position;
}

function longestOf<T>(ring: Ring<T>): ReadonlySet<T> {
  let longest: ReadonlySet<T> = new Set();
  for (const line of ring.values()) if (line.size > longest.size) longest = line;
  return longest;
}

function lastOf<T>(line: ReadonlySet<T>): T | undefined {
  return [...line].at(-1);
}

function indexOf<T>(item: T, line: ReadonlySet<T> = new Set()): number {
  return [...line].indexOf(item);
}
