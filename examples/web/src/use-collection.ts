import { useSyncExternalStore } from 'react';

const CHANGED = 'collection-changed';

/** The collection named in the address, so that a reload, a bookmark and the back button keep it. */
export function useCollection(): [string, (collectionId: string) => void] {
  return [useSyncExternalStore(subscribe, read), write];
}

function read(): string {
  return new URLSearchParams(location.search).get('collection') ?? 'example-team';
}

function write(collectionId: string): void {
  if (collectionId === read()) return;
  history.pushState(null, '', `?${new URLSearchParams({ collection: collectionId })}`);
  dispatchEvent(new Event(CHANGED));
}

function subscribe(onChange: () => void): () => void {
  addEventListener('popstate', onChange);
  addEventListener(CHANGED, onChange);
  return () => {
    removeEventListener('popstate', onChange);
    removeEventListener(CHANGED, onChange);
  };
}
