// Run with the tag of a release, v1.2.3: is everything said that docs/api-stability.md asks of it?
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const root = path.join(import.meta.dirname, '..');
const read = (name) => readFileSync(path.join(root, name), 'utf8');

const tag = process.argv[2] ?? '';
const version = tag.replace(/^v/, '');
const contract = read('openapi.yaml');
const [, contractVersion] = /^info:\n(?: .*\n)*? {2}version: '?([\d.]+)'?$/m.exec(contract) ?? [];
const versions = {
  'package.json': JSON.parse(read('package.json')).version,
  'clients/typescript/package.json': JSON.parse(read('clients/typescript/package.json')).version,
  'openapi.yaml': contractVersion,
};
const dated = read('CHANGELOG.md')
  .split('\n')
  .some((line) => line.startsWith(`## [${version}] - `) && /\d{4}-\d\d-\d\d$/.test(line));

const issues = [
  ...(/^v\d+\.\d+\.\d+$/.test(tag) ? [] : [`"${tag}" is not a version such as v1.2.3`]),
  ...Object.entries(versions)
    .filter(([, found]) => found !== version)
    .map(([name, found]) => `${name} has version ${found}`),
  ...(dated ? [] : [`CHANGELOG.md has no heading "## [${version}] - " with a date`]),
  ...(read('contract/released.yaml') === contract ? [] : ['contract/released.yaml is not openapi.yaml']),
];
for (const issue of issues) process.stderr.write(`${issue}\n`);
process.exitCode = issues.length === 0 ? 0 : 1;
