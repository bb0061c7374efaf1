import { useState } from 'react';

import { FailureCard } from './failure-card.tsx';
import { StatusBadge } from './status-badge.tsx';
import { useLookup, type LookupState } from './use-lookup.ts';

/** Looks one user of a collection up by the id. */
export function UserLookup({ collectionId }: { readonly collectionId: string }) {
  const { state, start, cancel } = useLookup(collectionId);
  const [typed, setTyped] = useState('');
  return (
    <section className="lookup" aria-label="Look a user up">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          start(typed.trim());
        }}
      >
        <label htmlFor="user">User</label>
        <div className="field">
          <input
            id="user"
            value={typed}
            onChange={({ target }) => setTyped(target.value)}
            placeholder="user id"
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            required
          />
          {/* Keys, so that a click on one does not go on as a click on the other, which takes its place. */}
          {state.phase === 'looking' ? (
            <button key="cancel" type="button" autoFocus onClick={cancel}>
              Cancel
            </button>
          ) : (
            <button key="start">Look up</button>
          )}
        </div>
      </form>
      <p role="status">
        <Outcome state={state} collectionId={collectionId} />
      </p>
      {state.phase === 'failed' && <FailureCard error={state.error} onRetry={() => start(state.userId)} />}
    </section>
  );
}

function Outcome({ state, collectionId }: { readonly state: LookupState; readonly collectionId: string }) {
  switch (state.phase) {
    case 'looking':
      return state.waitS === undefined ? (
        <>
          Looking for <code>{state.userId}</code>…
        </>
      ) : (
        <>
          Still looking for <code>{state.userId}</code>. Going on in {state.waitS} s…
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
