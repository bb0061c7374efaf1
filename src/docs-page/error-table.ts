import type { Contract } from './contract.ts';
import { html, type Html } from './html.ts';
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
  const problems = Object.values(components.examples ?? {})
    .map(({ value }) => value)
    .filter(isProblem);
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
        ${problems.map((problem) => row(problem, embedded))}
      </tbody>
    </table>
  </section>`;
}

function row({ code, status, title, detail, instance, retryable }: Problem, embedded: boolean): Html {
  const [, collection] = /^\/collections\/(throws-[^/]+)\/users$/.exec(instance) ?? [];
  const link = html`<br />See it: <a href="#listUsers" data-collection="${collection}">${collection}</a>`;
  return html` <tr>
    <td><b class="status status-${String(status)[0]}">${status}</b></td>
    <td><code>${code}</code><br />${title}. ${inline(detail)}${embedded && collection ? link : undefined}</td>
    <td>${retryable ? 'later' : 'no'}</td>
  </tr>`;
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'retryable' in value;
}
