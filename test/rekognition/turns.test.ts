import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { createTurns, type Place, type Priority, type Turns } from '../../src/rekognition/turns.ts';

interface Item extends Place {
  readonly id: number;
}

function queueOf(...names: string[]): Turns<Item> {
  const turns = createTurns<Item>();
  // `a` is a page of a's, `A` an export of a's.
  names.forEach((name, id) => {
    const item = { id, caller: name.toLowerCase(), priority: priorityOf(name) };
    turns.add(item, item);
  });
  return turns;
}

const priorityOf = (name: string): Priority => (name === name.toLowerCase() ? 'page' : 'export');

function drain(turns: Turns<Item>): string {
  let order = '';
  for (let item = turns.next(); item; item = turns.next()) order += `${item.caller}${item.id} `;
  return order.trim();
}

test('at worst, every caller who waits puts in as many as this one has, and goes first where its turn is first', () => {
  const turns = createTurns<object>();
  const page = (caller: string) => ({ caller, priority: 'page' as const });
  expect(turns.atWorst(page('a'))).toBe(0);
  turns.add({}, page('a'));
  turns.add({}, page('b'));
  turns.add({}, page('b'));
  expect(turns.atWorst(page('a'))).toBe(2);
  expect(turns.atWorst(page('b'))).toBe(5);
  expect(turns.atWorst(page('c'))).toBe(turns.ahead(page('c')));
  expect(turns.atWorst({ caller: 'a', priority: 'export' })).toBe(3);
});

test('callers take turns, and each one keeps its own order', () => {
  expect(drain(queueOf('a', 'a', 'a', 'b', 'c', 'c'))).toBe('a0 b3 c4 a1 c5 a2');
});

test('pages go before exports', () => {
  expect(drain(queueOf('A', 'B', 'a', 'c', 'c'))).toBe('a2 c3 c4 a0 b1');
});

test('one that left is passed over, and its caller is forgotten with its last', () => {
  const turns = createTurns<Item>();
  const [first, second] = [0, 1].map((id): Item => ({ id, caller: 'a', priority: 'page' }));
  if (!first || !second) throw new Error('no items');
  turns.add(first, first);
  turns.add(second, second);
  turns.remove(first);
  turns.remove(first);
  expect([turns.size, turns.count('page')]).toEqual([1, 1]);
  turns.remove(second);
  expect([turns.size, turns.next()]).toEqual([0, undefined]);
});

test('the last of the caller with most makes way for one with fewer, not for an equal', () => {
  const turns = queueOf('a', 'b', 'b', 'b', 'c', 'c');
  expect(turns.displacedBy('d')).toMatchObject({ caller: 'b', id: 3 });
  expect(turns.displacedBy('a')).toMatchObject({ caller: 'b', id: 3 });
  expect(turns.displacedBy('c')).toBeUndefined();
  expect(turns.displacedBy('b')).toBeUndefined();
  expect(queueOf('a', 'b').displacedBy('c')).toBeUndefined();
  expect(queueOf().displacedBy('c')).toBeUndefined();
});

/** The definition, played out: rounds over the callers, in the order of `ring`. */
class Model {
  readonly rings: Record<Priority, [string, Item[]][]> = { page: [], export: [] };

  add(item: Item, { caller, priority }: Place = item): void {
    const line = this.rings[priority].find(([name]) => name === caller);
    if (line) line[1].push(item);
    else this.rings[priority].push([caller, [item]]);
  }

  remove(item: Item): void {
    for (const priority of ['page', 'export'] as const) {
      for (const [, line] of this.rings[priority]) {
        if (line.includes(item)) line.splice(line.indexOf(item), 1);
      }
      this.rings[priority] = this.rings[priority].filter(([, line]) => line.length > 0);
    }
  }

  next(): Item | undefined {
    const ring = this.rings.page.length > 0 ? this.rings.page : this.rings.export;
    const head = ring.shift();
    const item = head?.[1].shift();
    if (head && head[1].length > 0) ring.push(head);
    return item;
  }

  copy(): Model {
    const copy = new Model();
    for (const priority of ['page', 'export'] as const)
      copy.rings[priority] = this.rings[priority].map(([name, line]) => [name, [...line]]);
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

  late(isLate: (item: Item, position: number) => boolean): Item[] {
    const copy = this.copy();
    const late: Item[] = [];
    for (let position = 0; ;) {
      const ring = copy.rings.page.length > 0 ? copy.rings.page : copy.rings.export;
      const item = ring[0]?.[1][0];
      if (!item) return late;
      if (isLate(item, position)) {
        late.push(item);
        copy.remove(item);
      } else {
        copy.next();
        position += 1;
      }
    }
  }
}

const place = fc.record({
  caller: fc.constantFrom('a', 'b', 'c', 'd'),
  priority: fc.constantFrom<Priority>('page', 'export'),
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
      const turns = createTurns<Item>();
      const model = new Model();
      const waiting: Item[] = [];
      const pick = (index: number) => waiting[index % Math.max(1, waiting.length)];
      const forget = (item: Item | undefined) => {
        if (item) waiting.splice(waiting.indexOf(item), 1);
      };
      for (const [id, taken] of steps.entries()) {
        if ('add' in taken) {
          const item = { ...taken.add, id };
          expectSame(turns.ahead(item), model.aheadOf(item));
          turns.add(item, item);
          model.add(item);
          waiting.push(item);
        } else if ('next' in taken) {
          const item = turns.next();
          expectSame(item, model.next());
          forget(item);
        } else if ('remove' in taken) {
          const item = pick(taken.remove);
          if (item) {
            turns.remove(item);
            model.remove(item);
          }
          forget(item);
        } else {
          const item = pick(taken.move);
          if (item) expectMove(turns, model, item, taken.to);
        }
        expect(turns.size).toBe(waiting.length);
        const isLate = (item: Item, position: number) => (item.id * 7) % 5 < position % 3;
        expect(turns.late(isLate)).toEqual(model.late(isLate));
      }
    }),
    { numRuns: 300 },
  );
});

function expectSame(actual: unknown, expected: unknown): void {
  expect(actual).toBe(expected);
}

function expectMove(turns: Turns<Item>, model: Model, item: Item, to: Place): void {
  const present = model.positionOf(item);
  const moved = model.copy();
  moved.remove(item);
  const fromExport = turns.priorityOf(item) === 'export' && to.priority === 'page';
  const improves = turns.improves(item, to);
  expect(improves).toBe(fromExport || moved.aheadOf(to) < present);
  if (!improves) return;
  turns.remove(item);
  turns.add(item, to);
  model.remove(item);
  model.add(item, to);
}

test('two callers that always wait get turns that differ by at most one, whoever else comes and goes', () => {
  const others = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', undefined), {
    minLength: 1,
    maxLength: 80,
  });
  fc.assert(
    fc.property(others, (arrivals) => {
      const turns = queueOf('x', 'y', 'y');
      const served: Record<string, number> = { x: 0, y: 0 };
      for (const [id, caller] of arrivals.entries()) {
        const item: Item | undefined = caller && { id, caller, priority: 'page' };
        if (item) turns.add(item, item);
        const next = turns.next();
        if (next?.caller !== 'x' && next?.caller !== 'y') continue;
        served[next.caller] = (served[next.caller] ?? 0) + 1;
        turns.add({ ...next, id }, next);
        expect(Math.abs((served['x'] ?? 0) - (served['y'] ?? 0))).toBeLessThanOrEqual(1);
      }
    }),
  );
});
