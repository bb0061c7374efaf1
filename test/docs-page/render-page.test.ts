import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { type Contract, type Response, resolver } from '../../src/docs-page/contract.ts';
import { renderPage } from '../../src/docs-page/render-page.ts';

const contract = parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')) as Contract;
const page = renderPage({ contract, embedded: true, bearer: false });
const gets = Object.values(contract.paths).flatMap(({ get, parameters = [] }) =>
  get ? [{ get, parameters }] : [],
);

/** The part of the page that tells about one operation. */
function sectionOf(id: string, from = page): string {
  const [, after = ''] = from.split(`<section class="operation" id="${id}"`);
  return after.split('<section ')[0] ?? '';
}

describe('The page of the contract', () => {
  test('has every operation, with a link to it', () => {
    for (const { operationId } of gets.map(({ get }) => get)) {
      expect(sectionOf(operationId)).not.toBe('');
      expect(page).toContain(`<a href="#${operationId}">`);
    }
  });

  test('has every parameter of an operation, told and to be filled in', () => {
    const resolve = resolver(contract);
    for (const { get, parameters } of gets) {
      const section = sectionOf(get.operationId);
      for (const { name } of [...parameters, ...(get.parameters ?? [])].map((ref) => resolve(ref))) {
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
    expect(sectionOf('listUsers')).toContain("/collections/example-team/users?maxResults=3'");
  });

  test('shows what a parameter and a header look like', () => {
    const section = sectionOf('listUsers');
    expect(section).toContain('such as <code>AfMx0cXN1ZW9TOVY3aTh2b3JfZXhhbXBsZQ</code>');
    expect(section).toContain('such as <code>&#34;caller&#34;; r=599; t=60</code>');
    expect(section).not.toContain('such as <code>private');
  });

  test('has every status of an operation, with its headers', () => {
    const resolve = resolver(contract);
    for (const { get } of gets) {
      const section = sectionOf(get.operationId);
      for (const [status, ref] of Object.entries(get.responses)) {
        expect(section).toContain(`>${status}</b>`);
        for (const name of Object.keys(resolve<Response>(ref).headers ?? {}))
          expect(section).toContain(`>${name}</code>`);
      }
    }
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
    const told = Object.values(contract.components.examples ?? {}).filter(({ description }) => description);
    expect(table.match(/<br \/>(To see it: |Only a bug)/g)).toHaveLength(told.length);
    const links = Array.from(table.matchAll(/data-collection="([^"]+)"/g), ([, id]) => id);
    expect(links).toContain('nope');
    expect(links).toContain('throws-Timeout');
    expect(links).not.toContain('example-team');
  });

  test('leads to the answer of a request that fails as it is, but not where that needs a token', () => {
    const links = (of: string) =>
      Array.from(of.matchAll(/<a href="([^"]+)"><code>GET /g), ([, href]) => href);
    expect(links(page)).toEqual([
      'collections/example-team/users?maxResults=0&#38;MaxResults=5',
      'collections/example-team/users?nextToken=x',
      'collections//users',
    ]);
    expect(links(renderPage({ contract, embedded: true, bearer: true }))).toEqual([]);
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

  test('over AWS names no example collection and no failing one', () => {
    const overAws = renderPage({ contract, embedded: false, bearer: false });
    expect(overAws).toContain('/collections/YOUR-COLLECTION/users');
    expect(overAws).not.toContain('data-collection');
    expect(overAws).not.toContain('<br />To see it');
    expect(sectionOf('listUsers', overAws)).not.toContain('value="example-team"');
  });
});

test('With bearer tokens the page takes one, and the commands of the users routes carry it', () => {
  expect(page).not.toContain('id="token"');
  const asking = renderPage({ contract, embedded: true, bearer: true });
  expect(asking).toContain('id="token"');
  expect(sectionOf('listUsers', asking)).toContain('curl -i -H &#34;Authorization: Bearer $TOKEN&#34; ');
  expect(sectionOf('getLiveness', asking)).not.toContain('Bearer');
});

test('A contract that speaks of markup is shown, not obeyed', () => {
  const hostile = '<img src=x onerror=alert(1)> & "quoted"';
  const { info } = contract;
  const shown = renderPage({
    contract: { ...contract, info: { ...info, summary: hostile } },
    embedded: true,
    bearer: false,
  });
  expect(shown).not.toContain('<img src=x');
  expect(shown).toContain('&#60;img src=x onerror=alert(1)&#62; &#38; &#34;quoted&#34;');
});
