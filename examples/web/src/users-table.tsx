import type { User } from '@rollcall/client';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useMemo, useRef, type ReactNode } from 'react';

import { StatusBadge } from './status-badge.tsx';
import type { Users } from './use-users.ts';

const ROW_PX = 48;
/** Rows before the end at which the next page is asked for. */
const AHEAD = 40;

interface Props {
  readonly users: Users;
  /** What stands below the last row. */
  readonly children: ReactNode;
}

/** The users, of whom only those in sight are in the document; the next page is read as its end comes near. */
export function UsersTable({ users, children }: Props) {
  const { pages, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = users;
  const rows = useMemo(() => pages.flatMap((page) => page.users), [pages]);
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const shown = virtualizer.getVirtualItems();
  const last = shown.at(-1)?.index ?? -1;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isFetchNextPageError && last >= rows.length - AHEAD)
      void fetchNextPage();
  }, [hasNextPage, isFetching, isFetchNextPageError, last, rows.length, fetchNextPage]);

  const above = shown[0]?.start ?? 0;
  const below = virtualizer.getTotalSize() - (shown.at(-1)?.end ?? 0);
  return (
    <div className="scroller" ref={scroller} tabIndex={0} role="region" aria-label="Users">
      <table aria-rowcount={hasNextPage ? -1 : rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col">User</th>
            <th scope="col">Status</th>
          </tr>
        </thead>
        <tbody>
          <Space height={above} />
          {shown.map(({ index }) => {
            const user = rows[index];
            return user && <UserRow key={user.userId} user={user} index={index} />;
          })}
          <Space height={below} />
        </tbody>
      </table>
      {children}
    </div>
  );
}

const UserRow = memo(function UserRow({ user, index }: { readonly user: User; readonly index: number }) {
  return (
    <tr aria-rowindex={index + 2}>
      <td>
        <span className="monogram" data-hue={hueOf(user.userId)} aria-hidden="true">
          {user.userId[0]?.toUpperCase()}
        </span>
        <span className="user-id" title={user.userId}>
          {user.userId}
        </span>
      </td>
      <td>
        <StatusBadge status={user.userStatus} />
      </td>
    </tr>
  );
});

/** Stands for the rows out of sight. */
function Space({ height }: { readonly height: number }) {
  return height > 0 ? <tr aria-hidden="true" className="space" style={{ height }}></tr> : null;
}

function hueOf(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + (character.codePointAt(0) ?? 0), 0) % 6;
}
