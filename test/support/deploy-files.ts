import { readdirSync, readFileSync } from 'node:fs';

import { parse } from 'yaml';

import { settingsWithDefaults } from './settings.ts';

const root = new URL('../../', import.meta.url);

/** A file of the project, by its path from the root. */
export const readFile = (path: string): string => readFileSync(new URL(path, root), 'utf8');

export const readYaml = (path: string): unknown => parse(readFile(path), { merge: true });

export const filesIn = (path: string): string[] => readdirSync(new URL(path, root)).sort();

/** The `ENV` of the image, which every container has. */
export const imageEnv = Object.fromEntries(
  [...readFile('Dockerfile').matchAll(/^ENV (.+)$/gm)].flatMap(([, pairs = '']) =>
    [...pairs.matchAll(/(\w+)=(?:"([^"]*)"|(\S*))/g)].map(([, name = '', quoted, bare = '']) => [
      name,
      quoted ?? bare,
    ]),
  ),
) as Record<string, string>;

/** AWS's own variables that the SDK reads, as docs/settings.md says. */
const AWS = [
  'AWS_REGION',
  'AWS_ENDPOINT_URL_REKOGNITION',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_PROFILE',
];

/** The variables of these that neither the service nor Node reads. */
export function unknownVariables(names: readonly string[]): string[] {
  const known = new Set([...settingsWithDefaults().map(({ name }) => name), ...AWS, 'NODE_OPTIONS']);
  return names.filter((name) => !known.has(name));
}

/** What a process may need at the end beside SHUTDOWN_DELAY_MS and SHUTDOWN_GRACE_MS, in milliseconds. */
export const END_MS = 1500;
