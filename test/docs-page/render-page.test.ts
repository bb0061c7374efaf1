import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { type Contract, type Response, resolver } from '../../docs-page/contract.ts';
import { renderPage } from '../../docs-page/render-page.ts';

const contract = parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')) as Contract;
const page = renderPage(contract);
const gets = Object.values(contract.paths).flatMap(({ get }) => (get ? [get] : []));

/** The part of the page that tells about one operation. */
function sectionOf(id: string, from = page): string {
  const [, after = ''] = from.split(`<section class="operation" id="${id}"`);
  return after.split('<section ')[0] ?? '';
}

/** The headers that the contract gives every answer. */
const common = new Set([
  'X-Request-Id',
  'Vary',
  'Access-Control-Allow-Origin',
  'Access-Control-Expose-Headers',
  'X-Content-Type-Options',
  'Content-Security-Policy',
  'Referrer-Policy',
  'Cross-Origin-Resource-Policy',
]);

const sectionsWith = (part: string) => page.split('<section ').filter((section) => section.includes(part));

/** What is to be read where `html` has these attributes: without the tags, and without what the style sheet hides. */
function wordsOf(markup: string, attributes: string): string {
  const hidden = ['examples', 'bearer'].map((name) =>
    attributes.includes(`data-${name}`) ? `unless-${name}` : `if-${name}`,
  );
  return markup
    .replace(new RegExp(`<(span|div|p) class="(?:${hidden.join('|')})">.*?</\\1\\s*>`, 'gs'), '')
    .replace(/<[^>]*>/g, '')
    .replaceAll('&#39;', "'")
    .replaceAll('&#34;', '"');
}

describe('The page of the contract', () => {
  test('has every operation, with a link to it', () => {
    for (const { operationId } of gets) {
      expect(sectionOf(operationId)).not.toBe('');
      expect(page).toContain(`<a href="#${operationId}">`);
    }
  });

  test('has every parameter of an operation, described and to be filled in', () => {
    const resolve = resolver(contract);
    for (const get of gets) {
      const section = sectionOf(get.operationId);
      for (const { name } of (get.parameters ?? []).map((ref) => resolve(ref))) {
        expect(section).toContain(`<dt><code>${name}</code>`);
        expect(section).toMatch(new RegExp(`<input\\s+id="${get.operationId}-${name}"`));
      }
    }
  });

  test('fills in nothing that only an earlier answer can give', () => {
    const values = Array.from(
      sectionOf('listUsers').matchAll(/<input\s+id="listUsers-([\w-]+)"[^>]*? value="([^"]*)"/g),
      ([, name, value]) => [name, value],
    );
    expect(Object.fromEntries(values)).toEqual({
      collectionId: 'example-team',
      maxResults: '3',
      nextToken: '',
      'If-None-Match': '',
      'X-Request-Id': '',
    });
    expect(wordsOf(sectionOf('listUsers'), 'data-examples')).toContain(
      "curl -i 'http://127.0.0.1:8080/collections/example-team/users?maxResults=3'",
    );
  });

  test('shows what a parameter and a header look like', () => {
    const section = sectionOf('listUsers');
    expect(section).toContain('such as <code>example-team</code>');
    expect(section).toContain('such as <code>&#34;caller&#34;; r=599; t=60</code>');
    expect(section).not.toContain('such as <code>private');
  });

  test('has every status of an operation, with the headers that only some answers have', () => {
    const resolve = resolver(contract);
    for (const get of gets) {
      const section = sectionOf(get.operationId);
      for (const [status, ref] of Object.entries(get.responses)) {
        expect(section).toContain(`>${status}</b>`);
        for (const name of Object.keys(resolve<Response>(ref).headers ?? {}).filter(
          (each) => !common.has(each),
        ))
          expect(section).toContain(`>${name}</code>`);
      }
    }
  });

  test('has the headers of every answer once, for all of them', () => {
    expect(sectionsWith('<h2 id="headers">')).toHaveLength(1);
    const [shared = ''] = sectionsWith('<h2 id="headers">');
    for (const name of common) {
      expect(shared).toContain(`<dt><code>${name}</code>`);
      expect(page.split(`<dt><code>${name}</code></dt>`)).toHaveLength(2);
    }
    // Every answer has one, but not every answer the same.
    expect(shared).not.toContain('Cache-Control');
    expect(sectionOf('listUsers')).toContain('<dt><code>Cache-Control</code>');
  });

  test('has every schema and every property of it', () => {
    for (const [name, { properties = {} }] of Object.entries(contract.components.schemas)) {
      expect(page).toContain(`id="schema-${name}"`);
      for (const property of Object.keys(properties)) expect(page).toContain(`<code>${property}</code>`);
    }
  });

  test('has every error of which the contract has an example', () => {
    const [, table = ''] = page.split('<tbody>');
    const codes = Object.values(contract.components.examples ?? {}).map(
      ({ value }) => (value as { code: string }).code,
    );
    expect(codes.length).toBeGreaterThan(10);
    for (const code of codes) expect(table).toContain(`<code>${code}</code>`);
  });

  test('says of every such error how to see it, with a link where a collection fails so', () => {
    const [, table = ''] = page.split('<tbody>');
    const described = Object.values(contract.components.examples ?? {}).filter(
      ({ description }) => description,
    );
    expect(table.match(/<div class="if-examples">(To see it: |Only a bug)/g)).toHaveLength(described.length);
    const links = Array.from(
      table.matchAll(/href="#listUsers-try"\s+data-values="([^"]+)"/g),
      ([, values]) => values,
    );
    expect(links).toContain('collectionId=nope');
    expect(links).toContain('collectionId=throws-Timeout');
    expect(links).not.toContain('collectionId=example-team');
  });

  test('leads to the answer of a request that fails as it is, but not where that needs a token', () => {
    const links = Array.from(
      page.matchAll(/<a class="unless-bearer" href="([^"]+)"><code>GET /g),
      ([, href]) => href,
    );
    expect(links).toEqual([
      'collections/example-team/users?maxResults=0&#38;MaxResults=5',
      'collections/example-team/users?nextToken=x',
      'collections/example-team/users/nobody',
      'collections//users',
    ]);
  });

  test('leads nowhere that is not on it', () => {
    const ids = new Set(Array.from(page.matchAll(/ id="([^"]+)"/g), ([, id]) => id));
    const targets = Array.from(page.matchAll(/(?:href="#|for="|aria-labelledby=")([^"]+)"/g), ([, id]) => id);
    expect(targets.filter((id) => !ids.has(id))).toEqual([]);
    expect(ids.size).toBe(Array.from(page.matchAll(/ id="/g)).length);
  });

  test('has no inline script, style or handler, and asks no other host', () => {
    expect(page).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/);
    expect(page).not.toMatch(/(?:src|srcset|<link[^>]*href)="(?:[a-z]+:)?\/\//);
  });

  test('over AWS names no example collection to ask for, and no way to see an error', () => {
    const shown = wordsOf(page, '');
    expect(shown).toContain("curl -i 'http://127.0.0.1:8080/collections/YOUR-COLLECTION/users?maxResults=3'");
    expect(shown).not.toMatch(/curl -i '[^']*example-team/);
    expect(shown).not.toContain('To see it');
  });

  test('has the samples of the contract, and says how a token is sent where one is needed', () => {
    const section = sectionOf('streamUsers');
    const [, samples = ''] = wordsOf(section, 'data-examples').split(/Samples|Answers/);
    expect(samples).toMatch(/^\s*curl[^]*fetch[^]*Typed client[^]*Python[^]*urllib does not notice/);
    expect(samples).not.toContain('Bearer');
    expect(wordsOf(section, 'data-bearer')).toMatch(/Samples\s+This service asks for a token too/);
  });

  test('has the samples of an operation, each to be copied', () => {
    const [first] = Object.entries(contract.paths).filter(([, { get }]) => get?.operationId === 'listUsers');
    const [path = '', item] = first ?? [];
    const get = {
      ...item?.get,
      'x-codeSamples': [
        {
          lang: 'Shell',
          label: 'curl',
          source: "curl 'http://127.0.0.1:8080/collections/example-team/users'\n",
        },
        { lang: 'Python', source: 'if 1 < 2:\n    print("<b>")\n' },
      ],
    };
    const shown = renderPage({
      ...contract,
      paths: { ...contract.paths, [path]: { ...item, get } },
    } as Contract);
    const [, samples = ''] = sectionOf('listUsers', shown).split('<h4>Samples</h4>');
    expect(samples).toMatch(
      /^\s*<p class="if-bearer">[^]*?<\/p>\s*<details class="answer">\s*<summary><span>curl<\/span>/,
    );
    expect(samples).toContain('<summary><span>Python</span></summary>');
    expect(samples).toContain('if 1 &#60; 2:\n    print(&#34;&#60;b&#62;&#34;)</code>');
    expect(wordsOf(samples, '')).toContain("curl 'http://127.0.0.1:8080/collections/YOUR-COLLECTION/users'");
    expect(samples.match(/class="copy"/g)?.length).toBeGreaterThanOrEqual(2);
  });
});

test('With bearer tokens the page takes one, and the commands of the users routes carry it', () => {
  const token = ' -H "Authorization: Bearer $TOKEN"';
  expect(page).toMatch(/<p class="token if-bearer needs-script">/);
  expect(wordsOf(sectionOf('listUsers'), 'data-bearer')).toContain(`curl -i${token} '`);
  expect(wordsOf(sectionOf('listUsers'), '')).not.toContain('Bearer $TOKEN');
  expect(wordsOf(sectionOf('getLiveness'), 'data-bearer')).not.toContain('Bearer $TOKEN');
});

test('A contract that speaks of markup is shown, not obeyed', () => {
  const hostile = '<img src=x onerror=alert(1)> & "quoted"';
  const { info } = contract;
  const shown = renderPage({ ...contract, info: { ...info, summary: hostile } });
  expect(shown).not.toContain('<img src=x');
  expect(shown).toContain('&#60;img src=x onerror=alert(1)&#62; &#38; &#34;quoted&#34;');
});
