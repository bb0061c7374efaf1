import { longestOf, takeTurns, turnsBefore, type Lanes } from './lanes.ts';

/** Interactive requests go before background work, which has a small share of the turns. */
export type Priority = 'interactive' | 'background';

/** What decides when an item's turn comes. */
export interface Place {
  readonly caller: string;
  readonly priority: Priority;
}

/** Permits to be asked for at once. */
export interface Demand {
  readonly count: number;
  readonly priority: Priority;
}

/**
 * A queue in which callers take turns: each caller has a lane, in the order in which its items came. Interactive items
 * go before background items. If both wait, one turn in ten goes to the background.
 */
export interface FairQueue<T extends object> {
  readonly size: number;
  count(priority: Priority): number;
  /** Whether a caller has items of this priority in the queue. */
  has(place: Place): boolean;
  /** How many items go before a newcomer. */
  ahead(place: Place): number;
  /**
   * How many items go before a newcomer if every waiting caller adds as many items as this caller has. A newcomer that
   * is admitted by this number is not pushed back by the turns of others.
   */
  positionUnderContention(place: Place): number;
  /** How many items go before a newcomer that comes after all others. */
  behindAll(priority: Priority): number;
  /** The permits to ask for now. */
  demand(): Demand;
  add(item: T, place: Place): void;
  /** Removes an item; does nothing if it is not in the queue. */
  remove(item: T): void;
  /** Removes the item whose turn it is. Its caller goes to the end. */
  next(): T | undefined;
  /** Counts a turn that was taken without waiting. */
  passed(priority: Priority): void;
  priorityOf(item: T): Priority | undefined;
  /** Whether a waiting item would come sooner at the other place. */
  wouldMoveForward(item: T, place: Place): boolean;
  /** The last interactive item of the caller with the most, if this caller would have fewer even with one more. */
  displacedBy(caller: string): T | undefined;
  /** The items that are late at their positions. An item found late no longer counts for the items behind it. */
  late(isLate: (item: T, position: number) => boolean): T[];
}

/** Interactive turns for each background turn, if both wait. */
const INTERACTIVE_PER_BACKGROUND = 9;

/** An empty queue. */
export function createFairQueue<T extends object>(): FairQueue<T> {
  const lanes: Readonly<Record<Priority, Lanes<T>>> = { interactive: new Map(), background: new Map() };
  const counts: Record<Priority, number> = { interactive: 0, background: 0 };
  const places = new Map<T, Place>();
  /** Interactive turns since the last background turn. */
  let sinceBackground = 0;

  const passed = (priority: Priority): void => {
    sinceBackground =
      priority === 'background' ? 0 : Math.min(INTERACTIVE_PER_BACKGROUND, sinceBackground + 1);
  };
  /** Background turns before the interactive turn behind `ahead` others. */
  const backgroundBefore = (ahead: number, waiting = counts.background): number =>
    Math.min(waiting, Math.floor((sinceBackground + ahead) / INTERACTIVE_PER_BACKGROUND));
  /** Interactive turns before the background turn behind `ahead` others. */
  const interactiveBefore = (ahead: number, waiting = counts.interactive): number =>
    Math.min(waiting, INTERACTIVE_PER_BACKGROUND * (ahead + 1) - sinceBackground);
  const positionOf = (priority: Priority, ahead: number): number =>
    ahead + (priority === 'interactive' ? backgroundBefore(ahead) : interactiveBefore(ahead));
  const aheadOf = ({ caller, priority }: Place, own?: number): number =>
    positionOf(priority, turnsBefore(lanes[priority], caller, own));

  const remove = (item: T): void => {
    const place = places.get(item);
    if (!place) return;
    const lane = lanes[place.priority].get(place.caller);
    lane?.delete(item);
    if (lane?.size === 0) lanes[place.priority].delete(place.caller);
    counts[place.priority] -= 1;
    places.delete(item);
  };

  return {
    get size() {
      return places.size;
    },
    count: (priority) => counts[priority],
    has: ({ caller, priority }) => lanes[priority].has(caller),
    ahead: (place) => aheadOf(place),
    positionUnderContention({ caller, priority }) {
      const own = lanes[priority].get(caller)?.size ?? 0;
      if (own === 0) return aheadOf({ caller, priority });
      const turn = [...lanes[priority].keys()].indexOf(caller);
      const ahead = own * lanes[priority].size + turn;
      // Background work that waits now is expected to keep waiting, as a stream does.
      const contending = counts.background > 0 ? Infinity : 0;
      return (
        ahead + (priority === 'interactive' ? backgroundBefore(ahead, contending) : interactiveBefore(ahead))
      );
    },
    behindAll(priority) {
      const position = positionOf(priority, counts[priority]);
      if (priority === 'interactive') return position;
      // The waiting items may be served before the background item returns, and leave an empty bucket.
      return Math.max(position, Math.min(places.size, INTERACTIVE_PER_BACKGROUND));
    },
    demand() {
      const count = positionOf('interactive', counts.interactive);
      return count > 0
        ? { count, priority: 'interactive' }
        : { count: counts.background, priority: 'background' };
    },
    add(item, place) {
      const lane = lanes[place.priority].get(place.caller);
      if (lane) lane.add(item);
      else lanes[place.priority].set(place.caller, new Set([item]));
      counts[place.priority] += 1;
      places.set(item, place);
    },
    remove,
    next() {
      const isBackground = counts.interactive === 0 || backgroundBefore(0) > 0;
      const priority = isBackground ? 'background' : 'interactive';
      for (const [caller, lane] of lanes[priority]) {
        lanes[priority].delete(caller);
        lanes[priority].set(caller, lane);
        for (const item of lane) {
          remove(item);
          passed(priority);
          return item;
        }
      }
      return undefined;
    },
    passed,
    priorityOf: (item) => places.get(item)?.priority,
    wouldMoveForward(item, place) {
      const present = places.get(item);
      if (!present || (present.priority === 'interactive' && place.priority === 'background')) return false;
      const own = [...(lanes[present.priority].get(present.caller) ?? [])].indexOf(item);
      const [position, other] = [aheadOf(present, own), aheadOf(place)];
      // Of two turns at the same position the interactive one gets a permit sooner: it leaves no reserve.
      return present.priority === place.priority ? other < position : other <= position;
    },
    displacedBy(caller) {
      const longest = longestOf(lanes.interactive);
      return longest.size > (lanes.interactive.get(caller)?.size ?? 0) + 1 ? [...longest].at(-1) : undefined;
    },
    late(isLate) {
      const found: T[] = [];
      const keeps = (item: T, position: number): boolean => {
        const late = isLate(item, position);
        if (late) found.push(item);
        return !late;
      };
      const remaining = takeTurns(lanes.interactive, (item, ahead) =>
        keeps(item, ahead + backgroundBefore(ahead)),
      );
      takeTurns(lanes.background, (item, ahead) => keeps(item, ahead + interactiveBefore(ahead, remaining)));
      return found;
    },
  };
}
