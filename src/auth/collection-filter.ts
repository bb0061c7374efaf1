/**
 * Which collections a claim allows: exact names, or prefixes that end in `*`, in an array, or in a string separated by
 * spaces. A claim of any other form allows none.
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
