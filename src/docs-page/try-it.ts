import type { Parameter } from './contract.ts';
import { html, type Fragment, type Html } from './html.ts';

interface TryIt {
  readonly id: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly collection: string;
  readonly bearer: boolean;
  /** The answer that stands there until a request is sent. */
  readonly example: Fragment;
}

/** Where the service listens by default. The page's script puts the origin of the page in its place. */
const ORIGIN = 'http://127.0.0.1:8080';

/** A request to fill in and send, with the curl that does the same; without a script, the curl and an example answer. */
export function tryIt({ id, path, parameters, collection, bearer, example }: TryIt): Html {
  const first = (parameter: Parameter): string => firstValue(parameter, collection);
  return html` <form
    class="try"
    id="${id}-try"
    data-path="${path}"
    ${bearer ? html`data-bearer` : undefined}
    aria-label="Try GET ${path}"
    autocomplete="off"
  >
    ${parameters.length > 0 ? fields(id, parameters, first) : undefined}
    ${curl(targetOf(path, parameters, first), bearer)}
    <p class="buttons needs-script">
      <button type="submit">Send</button>
      <button type="button" class="stop" hidden>Stop</button>
      <button type="button" class="next" hidden>Next page</button>
      <button type="button" class="again" hidden>Again, with its ETag</button>
    </p>
    <p class="outcome" role="status">${example === undefined ? '' : 'An example of an answer'}</p>
    <details class="headers" hidden>
      <summary>Headers</summary>
      <pre tabindex="0"><code></code></pre>
    </details>
    <pre class="body" tabindex="0"><code>${example}</code></pre>
  </form>`;
}

function fields(id: string, parameters: readonly Parameter[], first: (parameter: Parameter) => string): Html {
  const shown = parameters.filter((parameter) => parameter.in !== 'header');
  const headers = parameters.filter((parameter) => parameter.in === 'header');
  return html`<div class="fields needs-script">
    ${shown.map((parameter) => field(id, parameter, first(parameter)))}
    ${
      headers.length > 0
        ? html`<details>
            <summary>Headers</summary>
            ${headers.map((one) => field(id, one, ''))}
          </details>`
        : undefined
    }
  </div>`;
}

/** The example, of what every request has. What comes from an earlier answer has no default, and no example would work. */
function firstValue({ name, in: place, example, schema }: Parameter, collection: string): string {
  if (place === 'path' && name === 'collectionId') return collection;
  return example !== undefined && 'default' in schema ? String(example) : '';
}

function field(id: string, { name, in: place, required = false, schema }: Parameter, value: string): Html {
  const hint = 'default' in schema ? String(schema.default) : '';
  return html` <p>
    <label for="${id}-${name}">${name}</label>
    <input
      id="${id}-${name}"
      name="${name}"
      data-in="${place}"
      value="${value}"
      placeholder="${hint}"
      ${required ? html`required` : undefined}
      spellcheck="false"
      autocapitalize="off"
    />
  </p>`;
}

function targetOf(
  path: string,
  parameters: readonly Parameter[],
  first: (parameter: Parameter) => string,
): string {
  const query = new URLSearchParams();
  let target = path;
  for (const parameter of parameters) {
    const value = first(parameter);
    if (parameter.in === 'path') target = target.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === 'query' && value !== '') query.set(parameter.name, value);
  }
  return query.size > 0 ? `${target}?${query.toString()}` : target;
}

/** The command that asks for this target, with a button that copies it. */
export function curl(target: string, bearer: boolean): Html {
  const token = bearer ? ' -H "Authorization: Bearer $TOKEN"' : '';
  return html`<div class="command">
    <pre tabindex="0"><code>curl -i${token} '${ORIGIN}${target}'</code></pre>
    <button type="button" class="copy" hidden>Copy</button>
  </div>`;
}
