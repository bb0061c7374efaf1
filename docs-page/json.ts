import { html, type Fragment } from './html.ts';

/** A value as indented JSON with its keys, strings and other values marked for the style sheet. */
export function json(value: unknown): Fragment {
  const text = JSON.stringify(value, null, 2);
  const parts: Fragment[] = [];
  let end = 0;
  for (const match of text.matchAll(/("(?:[^"\\]|\\.)*")(:)?|\b(?:true|false|null|-?\d[\d.eE+-]*)\b/g)) {
    const kind = match[2] ? 'key' : match[1] ? 'string' : 'value';
    const token = match[2] ? match[1] : match[0];
    parts.push(text.slice(end, match.index), html`<span class="${kind}">${token}</span>`);
    end = match.index + (token ?? '').length;
  }
  return [...parts, text.slice(end)];
}
