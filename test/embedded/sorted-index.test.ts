import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SortedIndex, type Entry } from '../../src/embedded/sorted-index.ts';

const entry = (key: string): Entry => ({ id: `id of ${key}`, key });
const letter = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const keysOf = (entries: readonly Entry[]) => entries.map(({ key }) => key);

describe('A sorted index', () => {
  test('keeps its order through any additions and deletions, and finds by name', () => {
    const change = fc.record({ key: letter, add: fc.boolean() });
    fc.assert(
      fc.property(fc.uniqueArray(letter), fc.array(change), (start, changes) => {
        const index = new SortedIndex(start.map(entry));
        const model = new Set(start);
        for (const { key, add } of changes) {
          const found = index.get(`id of ${key}`);
          expect(found?.key).toBe(model.has(key) ? key : undefined);
          if (add && !found) index.add(entry(key));
          if (!add && found) index.delete(found);
          if (add) model.add(key);
          else model.delete(key);
        }
        expect(keysOf(index.page(undefined, 100).entries)).toEqual([...model].sort());
        expect(index.size).toBe(model.size);
      }),
    );
  });

  test('pages through everything once, whatever the size of the pages', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), fc.integer({ min: 1, max: 7 }), (keys, size) => {
        const index = new SortedIndex(keys.map(entry));
        const seen: string[] = [];
        let next: string | undefined;
        do {
          const page = index.page(next, size);
          seen.push(...keysOf(page.entries));
          next = page.next;
        } while (next !== undefined);
        expect(seen).toEqual([...keys].sort());
      }),
    );
  });

  test('goes on behind a key that is gone', () => {
    const index = new SortedIndex(['a', 'c', 'd'].map(entry));
    expect(keysOf(index.page('b', 10).entries)).toEqual(['c', 'd']);
  });

  test('names no next key where a page ends with the last entry', () => {
    const index = new SortedIndex(['a', 'b'].map(entry));
    expect(index.page(undefined, 2).next).toBeUndefined();
    expect(index.page(undefined, 1).next).toBe('a');
    expect(new SortedIndex().page(undefined, 1)).toEqual({ entries: [] });
  });
});
