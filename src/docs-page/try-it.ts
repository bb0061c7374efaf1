import type { Parameter } from './contract.ts';
import { html, type Fragment, type Html } from './html.ts';

interface TryIt {
  readonly id: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly collection: string;
  /** The answer that stands there until a request is sent. */
  readonly example: Fragment;
}

/** Where the service listens by default. The page's script puts the origin of the page in its place. */
const ORIGIN = 'http://127.0.0.1:8080';

/** A request to fill in and send, with the curl that does the same; without a script, the curl and an example answer. */
export function tryIt({ id, path, parameters, collection, example }: TryIt): Html {
  const first = (parameter: Parameter): string => firstValue(parameter, collection);
  const shown = parameters.filter((parameter) => parameter.in !== 'header');
  const headers = parameters.filter((parameter) => parameter.in === 'header');
  return html` <form class="try" data-path="${path}" aria-label="Try GET ${path}" autocomplete="off">
    <div class="fields needs-script">
      ${shown.map((parameter) => field(id, parameter, first(parameter)))}
      ${
        headers.length > 0
          ? html`<details>
              <summary>Headers</summary>
              ${headers.map((one) => field(id, one, ''))}
            </details>`
          : undefined
      }
    </div>
    ${curl(path, parameters, first)}
    <p class="buttons needs-script">
      <button type="submit">Send</button>
      <button type="button" class="stop" hidden>Stop</button>
      <button type="button" class="next" hidden>Next page</button>
      <button type="button" class="again" hidden>Again, with its ETag</button>
    </p>
    <p class="outcome" role="status">${example === undefined ? '' : 'An example of an answer'}</p>
    <details class="headers" hidden>
      <summary>Headers</summary>
      <pre><code></code></pre>
    </details>
    <pre class="body" tabindex="0" role="region" aria-label="Body of the answer"><code>${example}</code></pre>
  </form>`;
}

function firstValue({ name, in: place, example }: Parameter, collection: string): string {
  if (place === 'path' && name === 'collectionId') return collection;
  return example === undefined ? '' : String(example);
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

function curl(path: string, parameters: readonly Parameter[], first: (parameter: Parameter) => string): Html {
  const query = new URLSearchParams();
  let target = path;
  for (const parameter of parameters) {
    const value = first(parameter);
    if (parameter.in === 'path') target = target.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === 'query' && value !== '') query.set(parameter.name, value);
  }
  const search = query.size > 0 ? `?${query.toString()}` : '';
  return command(`curl -i '${ORIGIN}${target}${search}'`);
}

/** A command with a button that copies it. */
export function command(text: string): Html {
  return html`<div class="command">
    <pre tabindex="0"><code>${text}</code></pre>
    <button type="button" class="copy" hidden>Copy</button>
  </div>`;
}
