import type { UserStatus } from '@rollcall/client';

const meanings: Readonly<Record<string, string>> = {
  ACTIVE: 'Active',
  UPDATING: 'Updating',
  CREATING: 'Creating',
  CREATED: 'No faces yet',
};

/** The state of a user's face vectors. One that is not known here is shown as it is. */
export function StatusBadge({ status }: { readonly status: UserStatus }) {
  const known = meanings[status];
  return (
    <span className="badge" data-status={known === undefined ? 'other' : status} title={status}>
      {known ?? status}
    </span>
  );
}
