import { describe, expect, test } from '@jest/globals';

import type { Contract } from '../../docs-page/contract.ts';
import { renderPage } from '../../docs-page/render-page.ts';

/** What OpenAPI lets a contract leave out, left out: the next route added may be this bare. */
const contract = {
  info: { title: 'Sparse', version: '1', summary: 'Little', description: '' },
  tags: [{ name: 'Things', description: '- one\n- two' }],
  paths: {
    '/things': {
      get: {
        operationId: 'listThings',
        tags: ['Things'],
        summary: 'List things',
        parameters: [{ name: 'filter', in: 'query', schema: { minLength: 2 } }],
        responses: {
          '200': {
            description: 'no sentence ends here',
            content: {
              'text/plain': { examples: { plain: { value: 'a thing\n' } } },
              'application/json': {
                schema: { type: 'array', items: { $ref: '#/components/schemas/Thing' } },
              },
            },
          },
          '204': { description: '`A`: nothing. `B`: nobody.' },
        },
      },
    },
    '/bare': {
      get: {
        operationId: 'bare',
        tags: ['Things'],
        summary: 'Bare',
        responses: { '204': { description: 'Nothing.' } },
      },
    },
    '/writes': { post: { operationId: 'writes', tags: [], summary: 'Not a read', responses: {} } },
  },
  components: {
    schemas: {
      Thing: { properties: { size: { maximum: 7 }, kind: { type: ['string', 'null'] }, other: {} } },
      Nothing: { type: 'object' },
    },
  },
} as Contract;
const page = renderPage(contract);

/** The words of the page between two of its ids. */
function wordsOf(from: string, to: string): string {
  const [, after = ''] = page.split(`id="${from}"`);
  const [part = ''] = after.split(`id="${to}"`);
  return part.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
}

describe('The page of a contract that leaves out what it may', () => {
  test('says what is demanded of a parameter without a type or a description', () => {
    expect(wordsOf('listThings', 'bare')).toContain('filter any, query at least 2 characters');
  });

  test('shows an answer that is no JSON as it is, under the name of its example', () => {
    expect(wordsOf('listThings', 'bare')).toMatch(/An example of a response .*a thing .*200/);
    expect(wordsOf('listThings', 'bare')).toContain('text/plain plain a thing');
  });

  test('takes a description without a full stop for one sentence', () => {
    expect(page).toContain('<b class="status status-2">200</b> <span>no sentence ends here</span>');
  });

  test('takes a colon for no end of a sentence', () => {
    expect(page).toContain('<span><code>A</code>: nothing.</span></summary>');
  });

  test('has no empty list where there are no parameters and no headers', () => {
    expect(wordsOf('bare', 'errors')).toMatch(/Headers Answers 204 Nothing\. <h2 $/);
  });

  test('has no section of headers where no header is in every answer', () => {
    expect(page).not.toContain('#headers');
    expect(page).not.toContain('id="headers"');
  });

  test('asks for a token only where a route demands one', () => {
    expect(page).not.toContain('data-secured');
    expect(page).toContain('id="token"');
  });

  test('shows nothing of what is no read', () => {
    expect(page).not.toContain('/writes');
  });

  test('tells of each property its type and bounds, and that it may be missing', () => {
    const words = wordsOf('schema-Thing', 'schema-Nothing');
    expect(words).toContain('size any, not always there at most 7');
    expect(words).toContain('kind string or null, not always there');
    expect(words).toContain('other any, not always there');
  });
});
