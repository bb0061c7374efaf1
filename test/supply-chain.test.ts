import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { builtService } from './support/built-service.ts';

const built = builtService();

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

test('The licences beside the bundle name every package that is in it, with its text', () => {
  const { dist } = built();
  const licences = readFileSync(join(dist, 'THIRD-PARTY-LICENCES.txt'), 'utf8');
  const maps = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.js.map'),
  );
  const sources = maps.flatMap(
    (name) => (JSON.parse(readFileSync(join(dist, name), 'utf8')) as { sources: string[] }).sources,
  );
  // Maps of the packages' own may lead out of them.
  const bundled = sources
    .flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.slice(1, 2) ?? [])
    .filter((name) => `node_modules/${name}` in packages);
  const named = new Set([...licences.matchAll(/^(\S+) \S+ \(\S.*\)$/gm)].map(([, name]) => name));
  expect(bundled).toContain('express');
  expect([...new Set(bundled)].filter((name) => !named.has(name))).toEqual([]);
  expect(licences).toContain('Copyright (c) 2009-2014 TJ Holowaychuk');
  expect(licences).toContain('Apache License');
}, 60_000);

test('The builder of the image is sent every file that the Dockerfile copies', () => {
  const sent = new Set(read('.dockerignore').match(/(?<=^!).+$/gm));
  const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names = '']) =>
    names.split(' ').map((name) => name.replace('./', '')),
  );
  expect(copied).toContain('build.js');
  expect(copied.filter((name) => !sent.has(name))).toEqual([]);
});
