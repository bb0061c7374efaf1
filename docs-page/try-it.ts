import type { Parameter } from './contract.ts';
import { html, type Fragment, type Html } from './html.ts';

interface TryIt {
  readonly id: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** It needs a token, where callers have one. */
  readonly secured: boolean;
  /** The response that is shown until a request is sent. */
  readonly example: Fragment;
}

/** Where the service listens by default. The page's script puts the origin of the page in its place. */
const ORIGIN = 'http://127.0.0.1:8080';

/** A request to fill in and send, with the curl that does the same; without a script, the curl and an example response. */
export function tryIt({ id, path, parameters, secured, example }: TryIt): Html {
  return html` <form
    class="try"
    id="${id}-try"
    data-path="${path}"
    ${secured ? html`data-secured` : undefined}
    aria-label="Try GET ${path}"
    autocomplete="off"
  >
    ${parameters.length > 0 ? fields(id, parameters) : undefined} ${curl(targetOf(path, parameters), secured)}
    <p class="buttons needs-script">
      <button type="submit">Send</button>
      <button type="button" class="stop" hidden>Stop</button>
      <button type="button" class="next" hidden>Next page</button>
      <button type="button" class="again" hidden>Again, with its ETag</button>
    </p>
    <p class="outcome" role="status">${example === undefined ? '' : 'An example of a response'}</p>
    <details class="headers" hidden>
      <summary>Headers</summary>
      <pre tabindex="0"><code></code></pre>
    </details>
    <pre class="body" tabindex="0"><code>${example}</code></pre>
  </form>`;
}

function fields(id: string, parameters: readonly Parameter[]): Html {
  const shown = parameters.filter((parameter) => parameter.in !== 'header');
  const headers = parameters.filter((parameter) => parameter.in === 'header');
  return html`<div class="fields needs-script">
    ${shown.map((parameter) => field(id, parameter, firstValue(parameter)))}
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

/** The example, of what every request has. What comes from an earlier response has no default, and no example would work. */
function firstValue({ in: place, example = '', schema }: Parameter): string {
  return place === 'path' || 'default' in schema ? String(example) : '';
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

function targetOf(path: string, parameters: readonly Parameter[]): string {
  const query = new URLSearchParams();
  let target = path;
  for (const parameter of parameters) {
    const value = firstValue(parameter);
    if (parameter.in === 'path') target = target.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === 'query' && value !== '') query.set(parameter.name, value);
  }
  return query.size > 0 ? `${target}?${query.toString()}` : target;
}

/** The command that asks for this target. */
export function curl(target: string, secured: boolean): Html {
  const token = html`<span class="if-bearer"> -H "Authorization: Bearer $TOKEN"</span>`;
  return command('curl -i', secured ? token : undefined, ` '${ORIGIN}${target}'`);
}

/** Something to run, with a button that copies it. */
export function command(...parts: readonly Fragment[]): Html {
  const shown = parts.map((part) => (typeof part === 'string' ? forBackend(part) : part));
  return html`<div class="command">
    <pre tabindex="0"><code>${shown}</code></pre>
    <button type="button" class="copy" hidden>Copy</button>
  </div>`;
}

/** Where there are no example collections, callers have to name one of theirs. */
function forBackend(text: string): Fragment {
  const [first, ...rest] = text.split('example-team');
  const collection = html`<span class="if-examples">example-team</span
    ><span class="unless-examples">YOUR-COLLECTION</span>`;
  return [first, ...rest.map((part) => [collection, part])];
}
