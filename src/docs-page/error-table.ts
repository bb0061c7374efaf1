import type { Contract } from './contract.ts';
import { html, type Fragment, type Html } from './html.ts';
import { inline } from './markdown.ts';

interface ErrorsDeps {
  /** The collections that fail on purpose are there. */
  readonly embedded: boolean;
  readonly bearer: boolean;
}

interface Problem {
  readonly code: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly retryable: boolean;
}

/** Every error the contract has an example of: what it says, whether to repeat, and how to see it. */
export function errors({ components }: Contract, { embedded, bearer }: ErrorsDeps): Html {
  const rows = Object.values(components.examples ?? {}).flatMap(({ value, description }) =>
    isProblem(value)
      ? [row(value, embedded && description ? wayTo(value, description, bearer) : undefined)]
      : [],
  );
  return html` <section class="group" aria-labelledby="errors">
    <h2 id="errors">Errors</h2>
    <p>
      Every error is <code>application/problem+json</code>, a <a href="#schema-Problem">Problem</a>. Switch on
      its <code>code</code>; where <code>retryable</code> is true, the same request may succeed later.
    </p>
    <table>
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Code</th>
          <th scope="col">Repeat?</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </section>`;
}

function row({ code, status, title, detail, retryable }: Problem, way: Fragment): Html {
  return html` <tr>
    <td><b class="status status-${String(status)[0]}">${status}</b></td>
    <td><code>${code}</code><br />${title}. ${inline(detail)} ${way && html`<br />${way}`}</td>
    <td>${retryable ? 'later' : 'no'}</td>
  </tr>`;
}

/**
 * How to see it. The name of the collection that fails so becomes a link that asks for it, and a request that a browser can make
 * as it is, without a token, a link to its answer.
 */
function wayTo({ instance }: Problem, description: string, bearer: boolean): Fragment {
  const [, collection] = /^\/collections\/([^/]+)\/users$/.exec(instance) ?? [];
  const named = `\`${String(collection)}\``;
  if (description.includes(named)) {
    const link = html`<a href="#listUsers-try" data-collection="${collection}">${collection}</a>`;
    return replaced(description, named, link);
  }
  const [request, target = ''] = /`GET \/(\S+)`(?! with)/.exec(description) ?? [];
  if (request === undefined || bearer) return inline(description);
  return replaced(description, request, html`<a href="${target}"><code>GET /${target}</code></a>`);
}

function replaced(text: string, part: string, by: Html): Fragment {
  const [before = '', after = ''] = text.split(part);
  return [inline(before), by, inline(after)];
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'retryable' in value;
}
