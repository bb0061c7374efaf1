import type { Collection } from '@rollcall/client';

import { CollectionForm } from './collection-form.tsx';
import { ExportBar } from './export-bar.tsx';
import { FailureCard } from './failure-card.tsx';
import { serviceUrl } from './service.ts';
import { useCollection } from './use-collection.ts';
import { useCounts } from './use-collections.ts';
import { useUsers, type Users } from './use-users.ts';
import { UserLookup } from './user-lookup.tsx';
import { UsersTable } from './users-table.tsx';

export function App() {
  const [collectionId, choose] = useCollection();
  return (
    <>
      <header>
        <h1>
          <img src="/icon.svg" alt="" width="28" height="28" /> Rollcall example
        </h1>
        <a href={`${serviceUrl}/docs`}>API docs</a>
      </header>
      <CollectionForm collectionId={collectionId} onChoose={choose} />
      <main tabIndex={-1}>
        <CollectionView key={collectionId} collectionId={collectionId} />
      </main>
    </>
  );
}

function CollectionView({ collectionId }: { readonly collectionId: string }) {
  const users = useUsers(collectionId);
  const { pages, error, isPending, isFetchNextPageError, isRefetchError, refetch, startAgain } = users;
  if (isPending) return <p className="quiet">Reading {collectionId}…</p>;
  if (error && pages.length === 0) {
    return (
      <FailureCard error={error} onRetry={() => void refetch()} onStartAgain={() => void startAgain()} />
    );
  }
  return (
    <>
      <Toolbar collectionId={collectionId} users={users} />
      <UserLookup collectionId={collectionId} />
      {error && isRefetchError && <FailureCard error={error} onRetry={() => void users.refresh()} />}
      {isEmpty(users) ? (
        <p className="quiet">Nobody is in {collectionId} yet.</p>
      ) : (
        <UsersTable users={users}>
          {users.isFetchingNextPage && <p className="quiet">Reading on…</p>}
          {error && isFetchNextPageError && (
            <FailureCard
              error={error}
              onRetry={() => void users.fetchNextPage()}
              onStartAgain={() => void startAgain()}
            />
          )}
        </UsersTable>
      )}
    </>
  );
}

function Toolbar({ collectionId, users }: { readonly collectionId: string; readonly users: Users }) {
  const { data: collection } = useCounts(collectionId);
  return (
    <div className="toolbar">
      <p>
        <strong>{saidOf(users, collection)}</strong>
        {collection && <span className="counts">{detailsOf(collection)}</span>}
        <span role="status" className="refreshed">
          {users.refreshed === 'unchanged' && 'Nothing has changed'}
          {users.refreshed === 'changed' && 'Brought up to date'}
        </span>
      </p>
      <ExportBar collectionId={collectionId} />
      {/* Last, so that it does not come under the pointer when the button of the export goes. */}
      <button onClick={() => void users.refresh()} disabled={users.isFetching}>
        {users.isRefetching && !users.isFetchingNextPage ? 'Refreshing…' : 'Refresh'}
      </button>
    </div>
  );
}

/** How many users are shown, and of how many, where that is known: Rekognition's count may lag behind its list. */
function saidOf(users: Users, collection: Collection | undefined): string {
  const shown = countOf(users);
  if (!users.hasNextPage) return counted(shown, 'user');
  const { userCount } = collection ?? { userCount: 0 };
  return userCount > shown
    ? `${shown.toLocaleString('en')} of ${counted(userCount, 'user')}`
    : `${counted(shown, 'user')}, more below`;
}

function detailsOf({ faceCount, creationTimestamp }: Collection): string {
  const created = new Date(creationTimestamp).toLocaleDateString('en', { dateStyle: 'medium' });
  return `${counted(faceCount, 'face')}, created ${created}`;
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}

function countOf({ pages }: Users): number {
  return pages.reduce((sum, page) => sum + page.users.length, 0);
}

/** An empty page that has a successor is not the end. */
function isEmpty(users: Users): boolean {
  return countOf(users) === 0 && !users.hasNextPage;
}
