// What the contract's page can do besides being read: fill in, send, copy.

const { examples, bearer } = document.documentElement.dataset;
const base = new URL('.', location.href);
const token = /** @type {HTMLInputElement} */ (document.getElementById('token'));

/** More than this of a response is counted and not shown. */
const SHOWN_CHARACTERS = 100_000;

// Hidden already; what is copied must not have it either.
remove(examples === undefined ? '.if-examples' : '.unless-examples');
remove(bearer === undefined ? '.if-bearer' : '.unless-bearer');
for (const code of document.querySelectorAll('.command code')) {
  code.textContent = code.textContent.replaceAll('http://127.0.0.1:8080', base.href.replace(/\/$/, ''));
}
for (const form of document.querySelectorAll('form.try')) enliven(/** @type {HTMLFormElement} */ (form));
for (const button of document.querySelectorAll('.copy'))
  copyOnClick(/** @type {HTMLButtonElement} */ (button));
for (const link of document.querySelectorAll('a[data-values]')) {
  link.addEventListener('click', () => {
    tryValues(/** @type {HTMLAnchorElement} */ (link));
  });
}
followReading();

/** @param {string} selector */
function remove(selector) {
  for (const part of document.querySelectorAll(selector)) part.remove();
}

/** @param {HTMLFormElement} form */
function enliven(form) {
  const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (form.querySelector(selector));
  if (examples === undefined) {
    for (const input of form.querySelectorAll('input')) {
      if (input.value === 'example-team') input.value = 'YOUR-COLLECTION';
    }
  }
  const showCommand = () => {
    part('.command code').textContent = curlOf(requestOf(form));
  };
  /** @type {AbortController | undefined} */
  let running;
  form.addEventListener('input', showCommand);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    // The new request clears what the old one has shown, and the old one says nothing more.
    running?.abort('replaced');
    const mine = new AbortController();
    running = mine;
    part('.stop').hidden = false;
    await send(requestOf(form), viewOf(form), mine.signal);
    if (running === mine) part('.stop').hidden = true;
  });
  part('.stop').addEventListener('click', () => running?.abort());
  for (const name of ['.next', '.again']) {
    part(name).addEventListener('click', () => {
      const { field = '', value = '' } = part(name).dataset;
      fill(form, field, value);
      form.requestSubmit();
    });
  }
}

/** @typedef {{ url: URL, headers: Record<string, string> }} Asked */

/** @param {HTMLFormElement} form @returns {Asked} */
function requestOf(form) {
  let path = (form.dataset.path ?? '').slice(1);
  const query = new URLSearchParams();
  /** @type {Record<string, string>} */
  const headers = {};
  for (const { name, value, dataset } of form.querySelectorAll('input')) {
    if (dataset.in === 'path') path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== '' && dataset.in === 'query') query.set(name, value);
    else if (value !== '') headers[name] = value;
  }
  if (bearer !== undefined && 'secured' in form.dataset) headers.Authorization = `Bearer ${token.value}`;
  // Not `query.size`: Safari has it since version 17.
  return { url: new URL(String(query) ? `${path}?${query}` : path, base), headers };
}

/** The token itself stays out of what is shown and copied. @param {Asked} asked */
function curlOf({ url, headers }) {
  const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const options = Object.entries(headers).map(([name, value]) =>
    name === 'Authorization' ? ' -H "Authorization: Bearer $TOKEN"' : ` -H ${quoted(`${name}: ${value}`)}`,
  );
  return `curl -i${options.join('')} ${quoted(url.href)}`;
}

/** @typedef {ReturnType<typeof viewOf>} View */

/** Where a response is shown. @param {HTMLFormElement} form */
function viewOf(form) {
  const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (form.querySelector(selector));
  const outcome = part('.outcome');
  const headers = part('.headers');
  const body = part('.body code');
  const offer = (/** @type {HTMLElement} */ button, /** @type {string} */ field, value = '') => {
    button.hidden = value === '' || !form.querySelector(`[name="${field}"]`);
    Object.assign(button.dataset, { field, value });
  };
  return {
    body,
    say(/** @type {string} */ text, kind = '') {
      outcome.textContent = text;
      outcome.dataset.kind = kind;
    },
    clear() {
      headers.hidden = true;
      body.textContent = '';
      offer(part('.next'), 'nextToken');
      offer(part('.again'), 'If-None-Match');
    },
    showHead(/** @type {Response} */ response) {
      part('.headers code').textContent = [...response.headers]
        .map(([name, value]) => `${name}: ${value}`)
        .join('\n');
      headers.hidden = false;
      const [, next] = /[?&]nextToken=([^&>]+)/.exec(response.headers.get('link') ?? '') ?? [];
      offer(part('.next'), 'nextToken', next);
      offer(part('.again'), 'If-None-Match', response.headers.get('etag') ?? '');
    },
  };
}

/** Sends a request and shows what comes, as it comes. @param {Asked} asked @param {View} view @param {AbortSignal} signal */
async function send({ url, headers }, view, signal) {
  const startedAt = performance.now();
  view.clear();
  view.say('Waiting for the response…');
  let text = '';
  try {
    const response = await fetch(url, { headers, signal, cache: 'no-store' });
    const status = `${response.status} ${response.statusText}`.trim();
    view.showHead(response);
    const kind = String(response.status)[0];
    let length = 0;
    for await (const chunk of chunksOf(response)) {
      length += chunk.length;
      if (text.length < SHOWN_CHARACTERS) text += chunk;
      if (isLines(response)) showLines(view, text, length, status);
    }
    if (!isLines(response)) showJson(view.body, text);
    const took = Math.round(performance.now() - startedAt);
    view.say(`${status} in ${took} ms, ${length.toLocaleString('en')} characters`, kind);
  } catch (error) {
    if (signal.reason === 'replaced') return;
    if (signal.aborted) view.say('Stopped');
    else view.say(`The response broke off or never came: ${/** @type {Error} */ (error).message}`, 'broken');
  }
}

/** @param {Response} response */
async function* chunksOf(response) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) yield read.value;
}

/** @param {Response} response */
function isLines(response) {
  return response.headers.get('content-type')?.startsWith('application/x-ndjson') ?? false;
}

/** @param {View} view @param {string} text @param {number} length @param {string} status */
function showLines(view, text, length, status) {
  view.say(`${status}, ${length.toLocaleString('en')} characters so far`);
  if (view.body.textContent?.length !== text.length) view.body.textContent = text;
}

/** Indents JSON and marks its parts; any other text stands as it is. @param {HTMLElement} place @param {string} text */
function showJson(place, text) {
  const shown = indented(text);
  if (shown === undefined) {
    place.textContent = text;
    return;
  }
  let end = 0;
  for (const match of shown.matchAll(/("(?:[^"\\]|\\.)*")(:)?|\b(?:true|false|null|-?\d[\d.eE+-]*)\b/g)) {
    const span = document.createElement('span');
    span.className = match[2] ? 'key' : match[1] ? 'string' : 'value';
    span.textContent = match[1] ?? match[0];
    place.append(shown.slice(end, match.index), span);
    end = match.index + span.textContent.length;
  }
  place.append(shown.slice(end));
}

/** @param {string} text */
function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return undefined;
  }
}

/** @param {HTMLFormElement} form @param {string} name @param {string} value */
function fill(form, name, value) {
  const field = /** @type {HTMLInputElement | null} */ (form.querySelector(`[name="${name}"]`));
  if (!field) return;
  field.value = value;
  if (value !== '') field.closest('details')?.setAttribute('open', '');
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

/** Fills in the form that the link leads to, with the values that it names and no others, and sends it. @param {HTMLAnchorElement} link */
function tryValues(link) {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector(link.hash));
  if (!form) return;
  const values = new URLSearchParams(link.dataset.values);
  for (const { name } of form.querySelectorAll('input')) fill(form, name, values.get(name) ?? '');
  form.requestSubmit();
}

/** @param {HTMLButtonElement} button */
function copyOnClick(button) {
  // Only where the page is trusted: https, or a loopback address.
  if (!('clipboard' in navigator)) return;
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.parentElement?.querySelector('code')?.textContent ?? '');
    button.textContent = 'Copied';
    setTimeout(() => (button.textContent = 'Copy'), 1500);
  });
}

/** Marks in the contents what is being read: the last that begins in the upper third of the window, or above it. */
function followReading() {
  const links = [...document.querySelectorAll('nav a')];
  const targets = links.map((link) => document.getElementById(link.getAttribute('href')?.slice(1) ?? ''));
  const mark = () => {
    const begun = targets.map(
      (target) => (target?.getBoundingClientRect().top ?? Infinity) < innerHeight / 3,
    );
    const current = links[begun.lastIndexOf(true)] ?? links[0];
    for (const link of links) {
      if (link === current) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  };
  const observer = new IntersectionObserver(mark, { rootMargin: '0px 0px -66%' });
  for (const target of targets) if (target) observer.observe(target);
}
