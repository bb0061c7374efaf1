import { resolver, type Contract } from './contract.ts';
import { errors } from './error-table.ts';
import { commonHeaders, everyResponse } from './headers.ts';
import { html, type Fragment, type Html } from './html.ts';
import { inline, markdown } from './markdown.ts';
import { operation, type Route } from './operation.ts';
import { schemas } from './schema.ts';
import { curl } from './try-it.ts';

/**
 * The contract as one page of HTML. It works without a script; docs.js adds what can be tried. The service marks `html` with
 * `data-examples` where the example collections are there, and those that fail on purpose, and with `data-bearer` where callers
 * need a token: the classes `if-…` and `unless-…` go by that.
 */
export function renderPage(contract: Contract): string {
  const { info, tags, paths } = contract;
  const resolve = resolver(contract);
  const common = commonHeaders(contract, resolve);
  const shared = everyResponse(common, resolve);
  const groups = tags.map((tag) => ({
    ...tag,
    id: tag.name.toLowerCase(),
    routes: Object.entries(paths).flatMap(([path, { get, ...item }]) =>
      get?.tags.includes(tag.name) ? [{ ...item, path, get }] : [],
    ),
  }));
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light dark" />
        <meta name="description" content="${info.summary}" />
        <title>${info.title} ${info.version}</title>
        <link rel="icon" href="docs/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="docs/docs.css" />
        <script type="module" src="docs/docs.js"></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the contract</a>
        ${header(contract)}
        <nav aria-label="Contents">
          <ul>
            <li><a href="#start">Start</a></li>
            ${groups.map(({ id, name, routes }) => contents(id, name, routes))}
            <li><a href="#errors">Errors</a></li>
            ${shared && html`<li><a href="#headers">Headers</a></li>`}
            <li><a href="#schemas">Schemas</a></li>
          </ul>
        </nav>
        <main id="main" tabindex="-1">
          ${start(contract)}
          ${groups.map(
            ({ id, name, description, routes }) =>
              html` <section class="group" aria-labelledby="${id}">
                <h2 id="${id}">${name}</h2>
                ${markdown(description)} ${routes.map((route) => operation(route, common, resolve))}
              </section>`,
          )}
          ${errors(contract)} ${shared}
          <section class="group" aria-labelledby="schemas">
            <h2 id="schemas">Schemas</h2>
            ${schemas(contract, resolve)}
          </section>
        </main>
      </body>
    </html>`;
  return page.markup;
}

function header({ info }: Contract): Html {
  return html` <header>
    <a class="brand" href="#start"><img src="docs/icon.svg" alt="" width="26" height="26" />${info.title}</a>
    <span class="version">${info.version}</span>
    <p class="token if-bearer needs-script">
      <label for="token">Bearer token</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        spellcheck="false"
        placeholder="stays in this page"
      />
    </p>
    <a href="openapi.yaml">openapi.yaml</a>
  </header>`;
}

function contents(id: string, name: string, routes: readonly Route[]): Html {
  const links = routes.map(
    ({ get }) => html`<li><a href="#${get.operationId}">${inline(get.summary)}</a></li>`,
  );
  return html`<li>
    <a href="#${id}">${name}</a>
    <ul>
      ${links}
    </ul>
  </li>`;
}

function start({ info }: Contract): Html {
  const [lead = '', ...rest] = info.description.trim().split('\n\n');
  const about: Fragment = markdown(rest.join('\n\n'));
  return html` <section class="start" id="start" aria-labelledby="start-title">
    <h1 id="start-title">${info.summary}</h1>
    <p class="lead">${inline(lead)}</p>
    ${curl('/collections/example-team/users?maxResults=3', true)}
    <div class="about">${about}</div>
  </section>`;
}
