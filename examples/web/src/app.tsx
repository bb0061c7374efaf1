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
      <main>
        <Collection key={collectionId} collectionId={collectionId} />
      </main>
    </>
  );
}

function Collection({ collectionId }: { readonly collectionId: string }) {
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
  const count = countOf(users);
  const said = `${counted(count, 'user')}${users.hasNextPage ? ', more below' : ''}`;
  return (
    <div className="toolbar">
      <p>
        <strong>{said}</strong>
        <Counts collectionId={collectionId} />
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

/** What the collection holds in all, where that is known; the list is shown without it. */
function Counts({ collectionId }: { readonly collectionId: string }) {
  const { data } = useCounts(collectionId);
  if (!data) return null;
  const { userCount, faceCount, creationTimestamp } = data;
  const since = new Date(creationTimestamp).toLocaleDateString('en', { dateStyle: 'medium' });
  return (
    <span className="counts">
      {counted(userCount, 'user')} and {counted(faceCount, 'face')} in all, since {since}
    </span>
  );
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
