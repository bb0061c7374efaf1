// Looking users up: what it costs Rekognition, how fast it is cold and warm, and what it does to pages beside it.
// Ends with 1 where a threshold is missed.
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { Agent, request } from 'undici';

import { bench, check, heading, quantile, row, service, start } from './processes.js';
import { BURST, C, serviceUnderQuota } from './quota-run.js';

const CALLERS = 50;
const EACH = 50;
const USERS = 5000;
/** The service's own default. */
const LOOKUP_TTL_MS = 5000;
/** Within the time for which the pages of the first scan are cached. */
const WARM_MS = 2000;
const PAGES = 20;

const dispatcher = new Agent({ connections: 128 });
const userId = (n) => `employee:${10_000_000 + (n % USERS)}`;

/** A service over a fresh collection. */
async function open(users) {
  const settings = { USERS: String(users), RATE: String(C), BURST: String(BURST), LATENCY_MS: '40' };
  const upstream = await start(bench('collection-rekognition.js'), settings);
  await upstream.answers('/calls');
  const subject = await start(service, serviceUnderQuota(upstream.url));
  await subject.answers('/readyz');
  return {
    get: async (path, caller = '198.51.100.1') => {
      const began = performance.now();
      const { statusCode, body } = await request(`${subject.url}${path}`, {
        dispatcher,
        headers: { 'X-Forwarded-For': caller },
      });
      const { code } = await body.json();
      return { status: statusCode, code, ms: performance.now() - began };
    },
    calls: async () => (await (await request(`${upstream.url}/calls`)).body.json()).calls,
    stop: () => Promise.all([subject.stop(), upstream.stop()]),
  };
}

/** Every caller looks up one user after the other: how long the slowest lookup took, and the calls it cost. */
async function cold({ get, calls }) {
  const before = await calls();
  const began = performance.now();
  const all = await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      const results = [];
      for (let n = 0; n < EACH; n += 1)
        results.push(
          await get(`/collections/team/users/${userId(2 * (caller * EACH + n))}`, `198.51.100.${caller}`),
        );
      return results;
    }),
  );
  const results = all.flat();
  const windows = Math.ceil((performance.now() - began) / LOOKUP_TTL_MS);
  return {
    found: results.filter(({ status }) => status === 200).length / results.length,
    slowestMs: Math.max(...results.map(({ ms }) => ms)),
    callsATtl: ((await calls()) - before) / windows,
  };
}

/** Lookups a second while the pages are there. */
async function warm({ get }) {
  await get(`/collections/team/users/${userId(USERS - 1)}`);
  const end = performance.now() + WARM_MS;
  let done = 0;
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let n = caller; performance.now() < end; n += CALLERS) {
        const { status } = await get(`/collections/team/users/${userId(n * 7)}`, `198.51.100.${caller}`);
        if (status === 200) done += 1;
      }
    }),
  );
  return done / (WARM_MS / 1000);
}

/** The latency of pages, one a second, with or without lookups of users that are not there beside them. */
async function pagesBeside({ get }, lookups) {
  let over = false;
  const looking = Promise.all(
    Array.from({ length: lookups }, async (_, caller) => {
      while (!over) await get(`/collections/team/users/nobody-${caller}`, `198.51.100.${caller}`);
    }),
  );
  const times = [];
  for (let n = 0; n < PAGES; n += 1) {
    const { ms } = await get(`/collections/other-${n}/users?maxResults=1`, '198.51.100.200');
    times.push(ms);
    await setTimeout(1000);
  }
  over = true;
  await looking;
  return quantile(times, 0.99);
}

const small = await open(USERS);
const first = await cold(small);
const perSecond = await warm(small);
await small.stop();
const quiet = await open(USERS);
const aloneMs = await pagesBeside(quiet, 0);
await quiet.stop();
const busy = await open(USERS);
const besideMs = await pagesBeside(busy, 10);
await busy.stop();
const large = await open(1_000_000);
const lost = await large.get('/collections/team/users/nobody');
await large.stop();

heading(
  'lookups in 5,000 users',
  'found',
  'slowest, cold',
  'calls a TTL',
  'a second, warm',
  'pages p99',
  'pages p99 beside',
);
row(
  `${CALLERS} callers`,
  first.found.toFixed(2),
  `${first.slowestMs.toFixed(0)} ms`,
  first.callsATtl.toFixed(1),
  perSecond.toFixed(0),
  `${aloneMs.toFixed(0)} ms`,
  `${besideMs.toFixed(0)} ms`,
);
heading('a lookup in a million users', 'status', 'code', 'after');
row('nobody', lost.status, lost.code, `${(lost.ms / 1000).toFixed(1)} s`);

const passed = [
  check('found', first.found, '>=', 1),
  check('slowest lookup, cold, ms', first.slowestMs, '<=', 2500),
  check('calls a TTL', first.callsATtl, '<=', 11),
  check('lookups a second, warm', perSecond, '>=', 5000),
  check('pages beside lookups, p99, ms more', besideMs - aloneMs, '<=', 250),
  check('a million users: LOOKUP_INCOMPLETE', Number(lost.code === 'LOOKUP_INCOMPLETE'), '>=', 1),
];
process.exit(passed.every(Boolean) ? 0 : 1);
