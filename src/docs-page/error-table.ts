import type { Contract, Example } from './contract.ts';
import { html, type Fragment, type Html } from './html.ts';
import { inline } from './markdown.ts';

interface Problem {
  readonly code: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly retryable: boolean;
}

/** Every error the contract has an example of: what it says, whether to repeat, and how to see it. */
export function errors({ components }: Contract, embedded: boolean): Html {
  const rows = Object.values(components.examples ?? {}).flatMap(({ value, description }) =>
    isProblem(value) ? [row(value, embedded ? description : undefined)] : [],
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

function row(problem: Problem, description: Example['description']): Html {
  const { code, status, title, detail, retryable } = problem;
  return html` <tr>
    <td><b class="status status-${String(status)[0]}">${status}</b></td>
    <td>
      <code>${code}</code><br />${title}. ${inline(detail)}
      ${description && html`<br />${wayTo(problem, description)}`}
    </td>
    <td>${retryable ? 'later' : 'no'}</td>
  </tr>`;
}

/** How to see it. The name of the collection that fails so becomes a link that asks for it. */
function wayTo({ instance }: Problem, description: string): Fragment {
  const [, collection] = /^\/collections\/([^/]+)\/users$/.exec(instance) ?? [];
  const [before = '', ...after] = description.split(`\`${String(collection)}\``);
  if (after.length === 0) return inline(description);
  const link = html`<a href="#listUsers" data-collection="${collection}">${collection}</a>`;
  return [inline(before), link, inline(after.join(''))];
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'retryable' in value;
}
