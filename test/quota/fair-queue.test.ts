import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { createFairQueue, type Place, type Priority, type FairQueue } from '../../src/quota/fair-queue.ts';

interface Item extends Place {
  readonly id: number;
}

function queueOf(...names: string[]): FairQueue<Item> {
  const queue = createFairQueue<Item>();
  // `a` is a page of a's, `A` an export of a's.
  names.forEach((name, id) => {
    const item = { id, caller: name.toLowerCase(), priority: priorityOf(name) };
    queue.add(item, item);
  });
  return queue;
}

const priorityOf = (name: string): Priority => (name === name.toLowerCase() ? 'interactive' : 'background');

function drain(queue: FairQueue<Item>): string {
  let order = '';
  for (let item = queue.next(); item; item = queue.next()) order += `${item.caller}${item.id} `;
  return order.trim();
}

test('at worst, every caller who waits puts in as many as this one has, and goes first where its turn is first', () => {
  const queue = createFairQueue<object>();
  const page = (caller: string) => ({ caller, priority: 'interactive' as const });
  expect(queue.positionUnderContention(page('a'))).toBe(0);
  queue.add({}, page('a'));
  queue.add({}, page('b'));
  queue.add({}, page('b'));
  expect(queue.positionUnderContention(page('a'))).toBe(2);
  expect(queue.positionUnderContention(page('b'))).toBe(5);
  expect(queue.positionUnderContention(page('c'))).toBe(queue.ahead(page('c')));
  expect(queue.positionUnderContention({ caller: 'a', priority: 'background' })).toBe(3);
});

test('callers take turns, and each one keeps its own order', () => {
  expect(drain(queueOf('a', 'a', 'a', 'b', 'c', 'c'))).toBe('a0 b3 c4 a1 c5 a2');
});

test('interactive items go before background items', () => {
  expect(drain(queueOf('A', 'B', 'a', 'c', 'c'))).toBe('a2 c3 c4 a0 b1');
});

test('where both wait one turn in ten is the background’s, also when the others found permits without waiting', () => {
  const pages = (count: number) => Array.from({ length: count }, () => 'a');
  expect(drain(queueOf('S', 'S', ...pages(12)))).toMatch(/^(a\d+ ){9}s0 (a\d+ ?){3} s1$/);
  const queue = queueOf('S', 'a');
  for (let turn = 0; turn < 9; turn += 1) queue.passed('interactive');
  expect(queue.ahead({ caller: 'b', priority: 'interactive' })).toBe(2);
  expect(queue.demand()).toEqual({ count: 2, priority: 'interactive' });
  expect(drain(queue)).toBe('s0 a1');
});

test('background work that waits alone is asked for as such until its share is due', () => {
  const queue = queueOf('S', 'S');
  expect(queue.demand()).toEqual({ count: 2, priority: 'background' });
  for (let turn = 0; turn < 9; turn += 1) queue.passed('interactive');
  expect(queue.demand()).toEqual({ count: 1, priority: 'interactive' });
});

test('one that left is passed over, and its caller is forgotten with its last', () => {
  const queue = createFairQueue<Item>();
  const [first, second] = [0, 1].map((id): Item => ({ id, caller: 'a', priority: 'interactive' }));
  if (!first || !second) throw new Error('no items');
  queue.add(first, first);
  queue.add(second, second);
  queue.remove(first);
  queue.remove(first);
  expect([queue.size, queue.count('interactive')]).toEqual([1, 1]);
  queue.remove(second);
  expect([queue.size, queue.next()]).toEqual([0, undefined]);
});

test('the last of the caller with most makes way for one with fewer, not for an equal', () => {
  const queue = queueOf('a', 'b', 'b', 'b', 'c', 'c');
  expect(queue.displacedBy('d')).toMatchObject({ caller: 'b', id: 3 });
  expect(queue.displacedBy('a')).toMatchObject({ caller: 'b', id: 3 });
  expect(queue.displacedBy('c')).toBeUndefined();
  expect(queue.displacedBy('b')).toBeUndefined();
  expect(queueOf('a', 'b').displacedBy('c')).toBeUndefined();
  expect(queueOf().displacedBy('c')).toBeUndefined();
});

/** The definition, played out: rounds over the callers, in the order of `lanes`, and every tenth turn for the background. */
class Model {
  readonly lanes: Record<Priority, [string, Item[]][]> = { interactive: [], background: [] };
  sinceBackground = 0;

  add(item: Item, { caller, priority }: Place = item): void {
    const lane = this.lanes[priority].find(([name]) => name === caller);
    if (lane) lane[1].push(item);
    else this.lanes[priority].push([caller, [item]]);
  }

  remove(item: Item): void {
    for (const priority of ['interactive', 'background'] as const) {
      for (const [, lane] of this.lanes[priority]) {
        if (lane.includes(item)) lane.splice(lane.indexOf(item), 1);
      }
      this.lanes[priority] = this.lanes[priority].filter(([, lane]) => lane.length > 0);
    }
  }

  get nextPriority(): Priority {
    const { interactive, background } = this.lanes;
    const isDue = background.length > 0 && this.sinceBackground >= 9;
    return interactive.length === 0 || isDue ? 'background' : 'interactive';
  }

  next(): Item | undefined {
    const priority = this.nextPriority;
    const head = this.lanes[priority].shift();
    const item = head?.[1].shift();
    if (head && head[1].length > 0) this.lanes[priority].push(head);
    if (item) this.sinceBackground = priority === 'background' ? 0 : Math.min(9, this.sinceBackground + 1);
    return item;
  }

  copy(): Model {
    const copy = new Model();
    for (const priority of ['interactive', 'background'] as const)
      copy.lanes[priority] = this.lanes[priority].map(([name, lane]) => [name, [...lane]]);
    copy.sinceBackground = this.sinceBackground;
    return copy;
  }

  positionOf(item: Item): number {
    const copy = this.copy();
    for (let position = 0; ; position += 1) {
      const next = copy.next();
      if (next === item || next === undefined) return position;
    }
  }

  aheadOf(place: Place): number {
    const copy = this.copy();
    const newcomer = { ...place, id: -1 };
    copy.add(newcomer);
    return copy.positionOf(newcomer);
  }

  /** Of one priority, as long as all of the other keep their turns. */
  lateOf(priority: Priority, isLate: (item: Item, position: number) => boolean): Item[] {
    const copy = this.copy();
    const late: Item[] = [];
    for (let position = 0; ;) {
      const item = copy.lanes[copy.nextPriority][0]?.[1][0];
      if (!item) return late;
      if (copy.nextPriority === priority && isLate(item, position)) {
        late.push(item);
        copy.remove(item);
      } else {
        copy.next();
        position += 1;
      }
    }
  }

  late(isLate: (item: Item, position: number) => boolean): Item[] {
    const interactive = this.lateOf('interactive', isLate);
    const rest = this.copy();
    interactive.forEach((item) => {
      rest.remove(item);
    });
    return [...interactive, ...rest.lateOf('background', isLate)];
  }
}

const place = fc.record({
  caller: fc.constantFrom('a', 'b', 'c', 'd'),
  priority: fc.constantFrom<Priority>('interactive', 'background'),
});
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ add: place }) },
  { weight: 2, arbitrary: fc.record({ next: fc.constant(true) }) },
  { weight: 2, arbitrary: fc.record({ remove: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ move: fc.nat(), to: place }) },
);

test('in any history the order, the positions and the late ones are those of rounds played out', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const queue = createFairQueue<Item>();
      const model = new Model();
      const waiting: Item[] = [];
      const pick = (index: number) => waiting[index % Math.max(1, waiting.length)];
      const forget = (item: Item | undefined) => {
        if (item) waiting.splice(waiting.indexOf(item), 1);
      };
      for (const [id, taken] of steps.entries()) {
        if ('add' in taken) {
          const item = { ...taken.add, id };
          expectSame(queue.ahead(item), model.aheadOf(item));
          queue.add(item, item);
          model.add(item);
          waiting.push(item);
        } else if ('next' in taken) {
          const item = queue.next();
          expectSame(item, model.next());
          forget(item);
        } else if ('remove' in taken) {
          const item = pick(taken.remove);
          if (item) {
            queue.remove(item);
            model.remove(item);
          }
          forget(item);
        } else {
          const item = pick(taken.move);
          if (item) expectMove(queue, model, item, taken.to);
        }
        expect(queue.size).toBe(waiting.length);
        const isLate = (item: Item, position: number) => (item.id * 7) % 5 < position % 3;
        expect(queue.late(isLate)).toEqual(model.late(isLate));
      }
    }),
    { numRuns: 300 },
  );
});

function expectSame(actual: unknown, expected: unknown): void {
  expect(actual).toBe(expected);
}

function expectMove(queue: FairQueue<Item>, model: Model, item: Item, to: Place): void {
  const present = model.positionOf(item);
  const moved = model.copy();
  moved.remove(item);
  const from = queue.priorityOf(item);
  const isDemotion = from === 'interactive' && to.priority === 'background';
  // The newcomer that is compared stands beside the item, which has not left yet.
  const other = from === to.priority ? moved.aheadOf(to) : model.aheadOf(to);
  const improves = queue.wouldMoveForward(item, to);
  expect(improves).toBe(!isDemotion && (from === to.priority ? other < present : other <= present));
  if (!improves) return;
  queue.remove(item);
  queue.add(item, to);
  model.remove(item);
  model.add(item, to);
}

test('two callers that always wait get permits that differ by at most one, whatever other callers come and go', () => {
  const others = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', undefined), {
    minLength: 1,
    maxLength: 80,
  });
  fc.assert(
    fc.property(others, (arrivals) => {
      const queue = queueOf('x', 'y', 'y');
      const served: Record<string, number> = { x: 0, y: 0 };
      for (const [id, caller] of arrivals.entries()) {
        const item: Item | undefined = caller && { id, caller, priority: 'interactive' };
        if (item) queue.add(item, item);
        const next = queue.next();
        if (next?.caller !== 'x' && next?.caller !== 'y') continue;
        served[next.caller] = (served[next.caller] ?? 0) + 1;
        queue.add({ ...next, id }, next);
        expect(Math.abs((served['x'] ?? 0) - (served['y'] ?? 0))).toBeLessThanOrEqual(1);
      }
    }),
  );
});
