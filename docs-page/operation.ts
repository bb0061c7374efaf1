import {
  nameOf,
  type CodeSample,
  type MediaType,
  type Operation,
  type Parameter,
  type PathItem,
  type Ref,
  type Resolve,
  type Response,
} from './contract.ts';
import { headerList, ownHeaders, type Headers } from './headers.ts';
import { html, type Fragment, type Html } from './html.ts';
import { json } from './json.ts';
import { inline, markdown } from './markdown.ts';
import { rules, typeOf } from './schema.ts';
import { command, tryIt } from './try-it.ts';

/** A path that can be read. */
export interface Route extends PathItem {
  readonly path: string;
  readonly get: Operation;
}

/** One route: its parameters and responses on the left, a request to try on the right. */
export function operation(route: Route, common: Headers, resolve: Resolve): Html {
  const { path, get } = route;
  const { operationId: id, summary, description, responses, security = [] } = get;
  const parameters = (get.parameters ?? []).map((ref) => resolve(ref));
  const example = exampleOf(get, resolve);
  const members = parameters.map((one) => parameter(one, resolve));
  const samples = get['x-codeSamples'] ?? [];
  return html`<section class="operation" id="${id}" aria-labelledby="${id}-title">
    <div class="intro">
      <h3 id="${id}-title"><a href="#${id}">${inline(summary)}</a></h3>
      <p class="route"><b>GET</b> <code>${path}</code></p>
      ${markdown(description)}
    </div>
    ${tryIt({ id, path, parameters, secured: security.length > 0, example })}
    <div class="detail">
      ${
        members.length > 0
          ? html`<h4>Parameters</h4>
              <dl class="members">${members}</dl>`
          : undefined
      }
      ${
        samples.length > 0
          ? html`<h4>Samples</h4>
              ${security.length > 0 ? withToken : undefined} ${samples.map(sample)}`
          : undefined
      }
      <h4>Answers</h4>
      ${Object.entries(responses).map(([status, ref]) => responseSection(status, resolve(ref), common, resolve))}
    </div>
  </section>`;
}

function parameter(
  { name, in: place, required = false, description, schema, example }: Parameter,
  resolve: Resolve,
): Html {
  return html` <div>
    <dt><code>${name}</code> <span>${typeOf(schema)}, ${place}${required ? ', required' : ''}</span></dt>
    <dd>${markdown(description)} ${rules(resolve(schema), example)}</dd>
  </div>`;
}

/** Samples send no token, so that they work as they are on a service that asks for none. */
const withToken = html`<p class="if-bearer">
  This service asks for a token too: send the header <code>Authorization: Bearer $TOKEN</code>, or give the
  typed client a <code>token</code>.
</p>`;

function sample({ lang, label = lang, source }: CodeSample): Html {
  return html` <details class="answer">
    <summary><span>${label}</span></summary>
    <div>${command(source.trim())}</div>
  </details>`;
}

function responseSection(
  status: string,
  { description, headers = {}, content = {} }: Response,
  common: Headers,
  resolve: Resolve,
): Html {
  const [first = ''] = /^[\s\S]*?\.(?=\s|$)/.exec(description.trim()) ?? [description.trim()];
  const rest = description.trim().slice(first.length);
  const own = ownHeaders(headers, common);
  return html` <details class="answer">
    <summary><b class="status status-${status[0]}">${status}</b> <span>${inline(first)}</span></summary>
    <div>
      ${markdown(rest)} ${Object.entries(content).map(([type, media]) => body(type, media, resolve))}
      ${
        Object.keys(own).length > 0
          ? html`<h5>Headers</h5>
              ${headerList(own, resolve)}`
          : undefined
      }
    </div>
  </details>`;
}

function body(type: string, { schema, examples = {} }: MediaType, resolve: Resolve): Html {
  const shape = schema && nameOf(schema) !== undefined ? html`: ${typeOf(schema)}` : undefined;
  const shown = Object.entries(examples).map(([key, ref]) => {
    const { summary, value } = resolve(ref);
    return html`<figure>
      <figcaption>${inline(summary ?? key)}</figcaption>
      <pre tabindex="0"><code>${shownAs(value)}</code></pre>
    </figure>`;
  });
  return html`<h5><code>${type}</code>${shape}</h5>
    ${shown}`;
}

function shownAs(value: unknown): Fragment {
  return typeof value === 'string' ? value : json(value);
}

function exampleOf({ responses }: Operation, resolve: Resolve): Fragment {
  const ok: Ref<Response> | undefined = responses['200'];
  const [media] = Object.values(ok ? (resolve(ok).content ?? {}) : {});
  const [example] = Object.values(media?.examples ?? {});
  return example && shownAs(resolve(example).value);
}
