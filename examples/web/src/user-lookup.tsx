import { FailureCard } from './failure-card.tsx';
import { IdForm } from './id-form.tsx';
import { StatusBadge } from './status-badge.tsx';
import { useLookup, type LookupState } from './use-lookup.ts';
import { VanishingButton } from './vanishing-button.tsx';

/** Looks one user of a collection up by the id. */
export function UserLookup({ collectionId }: { readonly collectionId: string }) {
  const { state, start, cancel } = useLookup(collectionId);
  return (
    <section className="lookup" aria-label="Look a user up" tabIndex={-1}>
      <IdForm label="User" button="Look up" onSubmit={start} />
      <div className="outcome">
        <p role="status">
          <Outcome state={state} collectionId={collectionId} />
        </p>
        {/* Outside of the status, or a screen reader would say every second. */}
        {state.phase === 'waiting' && <p>Going on in {state.seconds} s…</p>}
        {(state.phase === 'looking' || state.phase === 'waiting') && (
          <VanishingButton onClick={cancel}>Cancel</VanishingButton>
        )}
      </div>
      {state.phase === 'failed' && <FailureCard error={state.error} onRetry={() => start(state.userId)} />}
    </section>
  );
}

function Outcome({ state, collectionId }: { readonly state: LookupState; readonly collectionId: string }) {
  switch (state.phase) {
    case 'looking':
      return (
        <>
          Looking for <code>{state.userId}</code>…
        </>
      );
    case 'waiting':
      return (
        <>
          Still looking for <code>{state.userId}</code>.
        </>
      );
    case 'found':
      return (
        <>
          <code>{state.user.userId}</code> <StatusBadge status={state.user.userStatus} />
        </>
      );
    case 'absent':
      return (
        <>
          There is no user <code>{state.userId}</code> in {collectionId}.
        </>
      );
    default:
      return null;
  }
}
