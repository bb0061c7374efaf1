import { apiCompare } from 'api-smart-diff';

type Path = readonly (string | number)[];

/** Changes that a client would notice which the comparison takes for harmless. */
const alsoBreaking: readonly { readonly action: string; readonly matches: (path: Path) => boolean }[] = [
  // Generated clients name their methods after it.
  { action: 'replace', matches: (path) => path.at(-1) === 'operationId' },
  // The list of codes is closed: a switch over it may be exhaustive.
  { action: 'add', matches: (path) => path.at(-2) === 'enum' && path.includes('ErrorCode') },
  { action: 'remove', matches: (path) => path.at(-1) === 'required' && path.includes('headers') },
];

/** The comparison takes other words about an answer in `components` for a break. A property may have the same name. */
function isDescription(path: Path): boolean {
  return path.at(-1) === 'description' && path.at(-2) !== 'properties';
}

/** What a client of `before` may break on in `after`, one line a change, none where all is well. */
export function breakingChanges(before: object, after: object): string[] {
  const { diffs } = apiCompare(before, after);
  return diffs
    .filter(
      ({ type, action, path }) =>
        (type === 'breaking' && !isDescription(path)) ||
        alsoBreaking.some((rule) => rule.action === action && rule.matches(path)),
    )
    .map(
      ({ action, path, description }) =>
        `${action} ${path.join(' › ')}${description ? `: ${description}` : ''}`,
    );
}

/** Whether the version says that clients may break: a new major version, or a new minor one while the major is 0. */
export function announcesBreak(before: string, after: string): boolean {
  const [major = 0, minor = 0] = before.split('.').map(Number);
  const [newMajor = 0, newMinor = 0] = after.split('.').map(Number);
  return newMajor > major || (major === 0 && newMajor === 0 && newMinor > minor);
}
