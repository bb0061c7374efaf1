import { expect, test } from '@jest/globals';

import { html } from '../../docs-page/html.ts';
import { markdown } from '../../docs-page/markdown.ts';

const rendered = (text: string | undefined) => html`${markdown(text)}`.markup.replace(/\s*\n\s*/g, '');

test.each([
  ['nothing', undefined, ''],
  ['one paragraph of two lines', 'a\nb', '<p>a b</p>'],
  ['two paragraphs', 'a\n\nb', '<p>a</p><p>b</p>'],
  ['code, which nothing else is in', '`<b> **x**`', '<p><code>&#60;b&#62; **x**</code></p>'],
  ['a link and stress', '**[a](/b)**', '<p><strong><a href="/b">a</a></strong></p>'],
  ['a bare link', '<https://a.example/>', '<p><a href="https://a.example/">https://a.example/</a></p>'],
  ['a list after a line', 'Two:\n- a\n- b', '<p>Two:</p><ul><li>a</li><li>b</li></ul>'],
  ['fenced code', '```sh\ncurl <url>\n```', '<pre tabindex="0"><code>curl &#60;url&#62;</code></pre>'],
])('Markdown of %s is rendered', (_what, text, markup) => {
  expect(rendered(text)).toBe(markup.replace('a b', 'ab'));
});
