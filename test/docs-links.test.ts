import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { expect, test } from '@jest/globals';

const root = path.join(import.meta.dirname, '..');
const pages = [
  'README.md',
  ...readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const read = (page: string): string => readFileSync(path.join(root, page), 'utf8');

/** Of GitHub itself, such as the badge of CI. */
const elsewhere = /^(https?:|\.\.\/\.\.\/actions\/)/;

function leadsSomewhere(page: string, target: string): boolean {
  const [file = '', heading] = target.split('#');
  const to = file === '' ? page : path.join(path.dirname(page), file);
  if (!existsSync(path.join(root, to))) return false;
  return heading === undefined || headings(read(to)).includes(heading);
}

/** As GitHub makes anchors of them. */
function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('Every link of README.md and docs leads to a file that is there, and to a heading of it', () => {
  const links = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ page, target })),
  );
  expect(links.length).toBeGreaterThan(50);
  expect(
    links.filter(({ page, target }) => !elsewhere.test(target) && !leadsSomewhere(page, target)),
  ).toEqual([]);
});

test('docs/README.md lists every page of docs', () => {
  const index = read('docs/README.md');
  const unlisted = readdirSync(path.join(root, 'docs')).filter(
    (name) => name.endsWith('.md') && name !== 'README.md' && !index.includes(`](${name})`),
  );
  expect(unlisted).toEqual([]);
});

const inCode = (page: string): string[] =>
  [...read(page).matchAll(/`([^`\s]+)`/g)].map(([, span = '']) => span);
const everywhere = [...pages, 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'bench/README.md'];

test('Every file that a page names by its path, or by its name alone, is there', () => {
  const files = ['src', 'test', 'docs-page', 'bench', 'deploy'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map(
      (name) => `${folder}/${name}`,
    ),
  );
  const isThere = (name: string): boolean =>
    existsSync(path.join(root, name)) || files.some((file) => file.endsWith(`/${name.replace(/\/$/, '')}`));
  const named = everywhere.flatMap((page) =>
    inCode(page)
      .filter((span) =>
        /^(src|test|docs|docs-page|bench|deploy|clients|examples|contract|\.ci)\/[\w./-]+$|^[\w/-]+\.(ts|md|yaml)$/.test(
          span,
        ),
      )
      .map((span) => ({ page, span })),
  );
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ span }) => !isThere(span))).toEqual([]);
});
