/** The callers of one priority in the order of their next turns, each with its items in order. No lane is empty. */
export type Lanes<T> = Map<string, Set<T>>;

/**
 * How many items go before the item that has `own` items of the same caller before it; by default, before a newcomer.
 * By then the callers before this one have had one turn more than this one.
 */
export function turnsBefore(
  lanes: Lanes<unknown>,
  caller: string,
  own = lanes.get(caller)?.size ?? 0,
): number {
  if (own === 0 && !lanes.has(caller)) return lanes.size;
  let ahead = 0;
  let before = 1;
  for (const [name, lane] of lanes) {
    if (name === caller) before = 0;
    ahead += Math.min(lane.size, own + before);
  }
  return ahead;
}

/**
 * Simulates the turns, and returns how many items keep theirs. An item that does not keep its turn leaves it to the next
 * item of its caller.
 */
export function takeTurns<T>(lanes: Lanes<T>, keeps: (item: T, ahead: number) => boolean): number {
  let ahead = 0;
  let waiting = Array.from(lanes.values(), (lane) => lane.values());
  const takesTurn = (lane: SetIterator<T>): boolean => {
    for (let step = lane.next(); !step.done; step = lane.next()) {
      if (keeps(step.value, ahead)) {
        ahead += 1;
        return true;
      }
    }
    return false;
  };
  while (waiting.length > 0) waiting = waiting.filter(takesTurn);
  return ahead;
}

/** The lane with the most items. */
export function longestOf<T>(lanes: Lanes<T>): ReadonlySet<T> {
  let longest: ReadonlySet<T> = new Set();
  for (const lane of lanes.values()) if (lane.size > longest.size) longest = lane;
  return longest;
}
