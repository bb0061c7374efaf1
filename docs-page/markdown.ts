import { html, type Fragment, type Html } from './html.ts';

/** The Markdown that the contract's descriptions use: paragraphs, lists, fenced code, and in a line code, links and stress. */
export function markdown(text = ''): Fragment {
  return text
    .trim()
    .split(/\n{2,}/)
    .filter(Boolean)
    .map(block);
}

function block(text: string): Html {
  const fenced = /^```\w*\n([\s\S]*?)\n?```$/.exec(text);
  if (fenced) return html`<pre tabindex="0"><code>${fenced[1]}</code></pre>`;
  const [lead = '', ...items] = `\n${text}`.split(/\n(?:[-*]|\d+\.) /);
  if (items.length === 0) return html`<p>${inline(text)}</p>`;
  const list = items.map((item) => html`<li>${inline(item)}</li>`);
  const intro = lead.trim() === '' ? undefined : html`<p>${inline(lead.trim())}</p>`;
  return html`${intro}
    <ul>
      ${list}
    </ul>`;
}

const INLINE = /`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)|\*\*([^*]+)\*\*|<(https?:[^>\s]+)>/g;

/** One line of Markdown. */
export function inline(text: string): Fragment {
  const parts: Fragment[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, label, target = '', strong, bare] = match;
    parts.push(text.slice(end, match.index));
    if (code !== undefined) parts.push(html`<code>${code}</code>`);
    else if (label !== undefined) parts.push(html`<a href="${target}">${inline(label)}</a>`);
    else if (strong !== undefined) parts.push(html`<strong>${inline(strong)}</strong>`);
    else parts.push(html`<a href="${bare}">${bare}</a>`);
    end = match.index + whole.length;
  }
  return [...parts, text.slice(end)];
}
