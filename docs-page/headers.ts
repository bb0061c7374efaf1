import { nameOf, type Contract, type Header, type Ref, type Resolve } from './contract.ts';
import { html, type Html } from './html.ts';
import { markdown } from './markdown.ts';
import { rules } from './schema.ts';

/** Headers of a response, by name. */
export type Headers = Readonly<Record<string, Ref<Header>>>;

/** The headers that every response of every operation has, by the same reference: the page shows them once. */
export function commonHeaders({ paths }: Contract, resolve: Resolve): Headers {
  const responses = Object.values(paths).flatMap(({ get }) => Object.values(get?.responses ?? {}));
  const [first = {}, ...others] = responses.map((ref) => resolve(ref).headers ?? {});
  return filtered(first, (header) => others.every((headers) => isIn(headers, header)));
}

/** The headers of a response besides those that every response has. */
export function ownHeaders(headers: Headers, common: Headers): Headers {
  return filtered(headers, (header) => !isIn(common, header));
}

function filtered(headers: Headers, keeps: (header: [string, Ref<Header>]) => boolean): Headers {
  return Object.fromEntries(Object.entries(headers).filter(keeps));
}

function isIn(headers: Headers, [name, header]: [string, Ref<Header>]): boolean {
  const other = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return other !== undefined && nameOf(header) !== undefined && nameOf(header) === nameOf(other);
}

/** The section of the headers that every response has; none where there are no such headers. */
export function everyResponse(common: Headers, resolve: Resolve): Html | undefined {
  if (Object.keys(common).length === 0) return undefined;
  return html` <section class="group" aria-labelledby="headers">
    <h2 id="headers">Headers</h2>
    <p>Every response has these; each response above lists its others.</p>
    ${headerList(common, resolve)}
  </section>`;
}

/** What each header says. */
export function headerList(headers: Headers, resolve: Resolve): Html {
  return html`<dl class="members small">
    ${Object.entries(headers).map(([name, ref]) => row(name, resolve(ref), resolve))}
  </dl>`;
}

function row(name: string, { description, schema, example }: Header, resolve: Resolve): Html {
  // Where there is one value only, the description says it.
  const shown = 'const' in resolve(schema) ? undefined : rules({}, example);
  return html`<div>
    <dt><code>${name}</code></dt>
    <dd>${markdown(description)} ${shown}</dd>
  </div>`;
}
