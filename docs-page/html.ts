/** Markup that may stand in a page as it is. */
export interface Html {
  readonly markup: string;
}

/** What a template takes: text, which is escaped, markup, which is not, and lists of them; nothing for `undefined`. */
export type Fragment = Html | string | number | undefined | readonly Fragment[];

/** A template whose values are escaped unless they are markup themselves. */
export function html(strings: TemplateStringsArray, ...values: readonly Fragment[]): Html {
  const markup = strings.reduce((before, text, index) => before + render(values[index - 1]) + text);
  return { markup };
}

function render(value: Fragment): string {
  if (value === undefined) return '';
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value));
  return 'markup' in value ? value.markup : value.map(render).join('');
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
