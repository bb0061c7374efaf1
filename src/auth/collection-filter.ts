/**
 * Which collections a claim opens: exact names, or prefixes ending in `*`; an array, or a string of names
 * separated by spaces. A claim of any other form opens none.
 */
export function collectionFilter(claim: unknown): (collectionId: string) => boolean {
  const entries: unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return (collectionId) =>
    entries.some(
      (entry) =>
        typeof entry === 'string' &&
        (entry.endsWith('*') ? collectionId.startsWith(entry.slice(0, -1)) : collectionId === entry),
    );
}
