import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

interface Locked {
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
const installed = Object.entries(packages).filter(
  ([name, { link }]) => name.includes('node_modules/') && !link,
);

test('Every package of the lockfile has its integrity', () => {
  expect(installed.length).toBeGreaterThan(100);
  expect(installed.filter(([, { integrity }]) => !(integrity ?? '').startsWith('sha512-'))).toEqual([]);
});

test('No package of production runs a script when it is installed, and none may', () => {
  expect(installed.filter(([, { dev, hasInstallScript }]) => hasInstallScript && !dev)).toEqual([]);
  expect(read('.npmrc')).toContain('ignore-scripts=true');
});

test('Every file that docs/security.md names as a test is there', () => {
  const names = [...read('docs/security.md').matchAll(/`(test\/[\w/.-]+\.ts)`/g)].map(
    ([, name = '']) => name,
  );
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(read(name)).toContain('expect');
});
