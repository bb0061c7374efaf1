import { settings } from '../../src/settings.ts';

/** Every setting in its order, with its default as an environment would have it: empty where there is none. */
export function settingsWithDefaults(): { readonly name: string; readonly fallback: string }[] {
  const names: string[] = [];
  const recorder = new Proxy<Record<string, string>>(
    {},
    {
      get: (_, name: string) => {
        names.push(name);
        return undefined;
      },
    },
  );
  const values = leaves(settings(['<operation>']).parse(recorder));
  return names.map((name, at) => ({ name, fallback: values[at] ?? '' }));
}

/** Settings are read in the order in which they stand in their groups. */
function leaves(value: unknown): string[] {
  if (Array.isArray(value)) return [value.join()];
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leaves);
  return [value === undefined ? '' : (value as string | number).toString()];
}
