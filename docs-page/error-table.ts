import type { Contract } from './contract.ts';
import { html, type Fragment, type Html } from './html.ts';
import { inline } from './markdown.ts';

type Paths = Contract['paths'];

interface Problem {
  readonly code: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly retryable: boolean;
}

/** Every error the contract has an example of: what it says, whether to repeat, and how to see it. */
export function errors({ components, paths }: Contract): Html {
  const rows = Object.values(components.examples ?? {}).flatMap(({ value, description }) =>
    isProblem(value) ? [row(value, description && wayTo(value, description, paths))] : [],
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
    <td>
      <code>${code}</code><br />${title}. ${inline(detail)}
      ${way && html`<div class="if-examples">${way}</div>`}
    </td>
    <td>${retryable ? 'later' : 'no'}</td>
  </tr>`;
}

/**
 * How to see it. A value of the path that the text names, such as a collection that fails on purpose, becomes a link that asks
 * for it. A request that a browser can make as it is becomes a link to its response, if no token is needed.
 */
function wayTo({ instance }: Problem, description: string, paths: Paths): Fragment {
  const asked = operationAt(instance, paths);
  const value = Object.values(asked?.values ?? {}).findLast((each) => description.includes(`\`${each}\``));
  if (asked && value !== undefined) {
    const values = new URLSearchParams(asked.values).toString();
    return replaced(
      description,
      `\`${value}\``,
      html`<a href="#${asked.operationId}-try" data-values="${values}">${value}</a>`,
    );
  }
  const [request, target = ''] = /`GET \/(\S+)`(?! with)/.exec(description) ?? [];
  if (request === undefined) return inline(description);
  const code = html`<code>GET /${target}</code>`;
  const link = html`<a class="unless-bearer" href="${target}">${code}</a>`;
  return replaced(description, request, html`${link}<span class="if-bearer">${code}</span>`);
}

/** The operation of this path, with the values of its parameters. */
function operationAt(instance: string, paths: Paths) {
  for (const [path, { get }] of Object.entries(paths)) {
    const pattern = path.replaceAll('.', '\\.').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    const match = new RegExp(`^${pattern}$`).exec(instance);
    if (get && match) return { operationId: get.operationId, values: { ...match.groups } };
  }
  return undefined;
}

function replaced(text: string, part: string, by: Html): Fragment {
  const [before = '', after = ''] = text.split(part);
  return [inline(before), by, inline(after)];
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'retryable' in value;
}
