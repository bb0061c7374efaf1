import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A command that a page prints, in a block of its own or within a sentence. */
export interface PrintedCommand {
  readonly page: string;
  readonly command: string;
  /** The first line, which names it in the title of a test. */
  readonly first: string;
  /** What the page prints below a block. */
  readonly output: string | undefined;
}

/** The pages for people; CHANGELOG.md is history. */
export const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...['docs', 'bench', 'clients/typescript', 'examples'].flatMap(pagesIn),
];

function pagesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => `${folder}/${name}`);
}

export const readPage = (page: string): string => readFileSync(join(root, page), 'utf8');

const BLOCK = /^( *)```(\w*)\n([^]*?)^ *```\n(?:\n```\n([^]*?)```)?/gm;
/** In a sentence a command is known by its program and an argument. */
const PROGRAMS = 'npm|npx|node|docker|kubectl|aws|curl|cp|kill|for|git|apt-get|redis-cli|ACL|\\.ci/run';
const INLINE = new RegExp(`\`((?:${PROGRAMS})(?: [^\`]+)?)\``, 'g');

export const printedCommands: readonly PrintedCommand[] = pages.flatMap((page) => {
  const text = readPage(page);
  const blocks = [...text.matchAll(BLOCK)]
    .filter(([, , language]) => language === 'sh')
    .map(([, indent = '', , block = '', output]) => ({
      command: block.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trimEnd(),
      output,
    }));
  const spans = [...text.replaceAll(BLOCK, '').matchAll(INLINE)].map(([, command = '']) => ({
    command,
    output: undefined,
  }));
  return [...blocks, ...spans]
    .filter(({ command }) => /^\.ci\/run$|\s/.test(command))
    .map((printed) => ({ page, first: printed.command.split('\n')[0] ?? '', ...printed }));
});

/** The languages of all blocks: a command in a block of another one would not be seen. */
export const languages = new Set(
  pages.flatMap((page) => [...readPage(page).matchAll(BLOCK)].map(([, , language = '']) => language)),
);
