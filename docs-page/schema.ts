import { nameOf, type Contract, type Ref, type Resolve, type Scalar, type Schema } from './contract.ts';
import { html, type Fragment, type Html } from './html.ts';
import { inline, markdown } from './markdown.ts';

/** Every named schema, property by property. */
export function schemas({ components }: Contract, resolve: Resolve): Fragment {
  return Object.entries(components.schemas).map(
    ([name, schema]) =>
      html` <section class="schema" id="schema-${name}" aria-labelledby="schema-${name}-title">
        <h3 id="schema-${name}-title">${name}</h3>
        ${markdown(schema.description)} ${schema.properties ? properties(schema, resolve) : rules(schema)}
      </section>`,
  );
}

function properties({ properties: members = {}, required = [] }: Schema, resolve: Resolve): Html {
  const rows = Object.entries(members).map(([name, member]) => {
    const schema = resolve(member);
    return html` <div>
      <dt>
        <code>${name}</code>
        <span>${typeOf(member)}${required.includes(name) ? '' : ', not always there'}</span>
      </dt>
      <dd>${nameOf(member) === undefined ? markdown(schema.description) : undefined} ${rules(schema)}</dd>
    </div>`;
  });
  return html`<dl class="members">${rows}</dl>`;
}

/** What a value is: `string`, or `array of` a link to the schema of its items. */
export function typeOf(ref: Ref<Schema>): Fragment {
  const name = nameOf(ref);
  if (name !== undefined) return html`<a href="#schema-${name}">${name}</a>`;
  const { type, items } = ref as Schema;
  if (items) return ['array of ', typeOf(items)];
  return [type ?? 'any'].flat().join(' or ');
}

/** What a schema demands besides its type, in words, and what a value of it looks like. */
export function rules(schema: Schema, example?: Scalar): Fragment {
  const { minimum, maximum, minLength, maxLength, pattern, const: only, default: fallback } = schema;
  const said = [
    range(minimum, maximum, ''),
    range(minLength, maxLength, ' characters'),
    pattern === undefined ? undefined : `matches \`${pattern}\``,
    only === undefined ? undefined : `always \`${String(only)}\``,
    fallback === undefined ? undefined : `default \`${String(fallback)}\``,
    choices('one of', schema.enum),
    choices('such as', schema.enum ? undefined : schema.examples),
    choices('such as', example === undefined ? undefined : [example]),
  ].filter((rule) => rule !== undefined);
  return said.length === 0 ? undefined : html`<p class="rules">${inline(said.join(' · '))}</p>`;
}

function range(least: number | undefined, most: number | undefined, unit: string): string | undefined {
  if (least === undefined && most === undefined) return undefined;
  if (most === undefined) return `at least ${least ?? 0}${least === 1 ? unit.replace(/s$/, '') : unit}`;
  return least === undefined ? `at most ${most}${unit}` : `${least} to ${most}${unit}`;
}

function choices(words: string, values: Schema['enum']): string | undefined {
  return values && `${words} ${values.map((value) => `\`${String(value)}\``).join(', ')}`;
}
