// A whole collection: as a stream, page by page, and gathered first. Then what streams and pages are to each other under the quota.
/* global AbortController, fetch */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout } from 'node:timers/promises';

import { evenly, offer } from './open-loop.js';
import {
  awsSettings,
  bench,
  median,
  print,
  quantile,
  service,
  serviceSettings,
  start,
  withoutQuota,
} from './processes.js';

const rounds = Number(process.env.ROUNDS ?? 3);
const seconds = Number(process.env.SECONDS ?? 30);
const users = Number(process.env.USERS ?? 1_000_000);
const MB = 1024 * 1024;
/** Rekognition's quota of calls a second, and its largest page. */
const C = 5;
const PAGE = 500;
const NEWLINE = 0x0a;
/** Until the compiler has seen what a page takes: its own memory is not what is measured. */
const WARM_UP_PAGES = 500;

const missed = [];
await withoutAQuota();
await underTheQuota();
print(missed.length === 0 ? 'Every threshold holds.' : `Missed: ${missed.join('; ')}`);
process.exit(missed.length === 0 ? 0 : 1);

async function withoutAQuota() {
  const upstream = { USERS: String(users), RATE: '1000000000', BURST: '1000000000' };
  const fake = await start(bench('collection-rekognition.js'), upstream);
  const ours = { ...serviceSettings(fake.url), ...withoutQuota };
  const ways = {
    'pages, one by one': { file: service, settings: ours, read: readPages },
    stream: {
      file: service,
      settings: ours,
      read: (url) => readLines(`${url}/collections/all/users.ndjson`),
    },
    'gathered first': { file: bench('naive-all.js'), settings: awsSettings(fake.url), read: readAll },
  };
  const seen = Object.fromEntries(Object.keys(ways).map((name) => [name, { rate: [], growth: [] }]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, { file, settings, read }] of Object.entries(ways)) {
      const subject = await start(file, settings);
      if (file === service) {
        await subject.answers('/collections/warm-up/users?maxResults=500');
        await readPages(subject.url, WARM_UP_PAGES);
      }
      await setTimeout(2000);
      const readWhole = async () => {
        const count = await read(subject.url);
        if (count !== users) throw new Error(`${name}: ${count} users, not ${users}`);
      };
      // What the first reading takes in memory, and how fast the second is, when its code is hot too.
      const grown = watchMemory(subject.pid);
      await readWhole();
      seen[name].growth.push(grown() / MB);
      const from = performance.now();
      await readWhole();
      seen[name].rate.push(users / ((performance.now() - from) / 1000));
      await subject.stop();
    }
  }
  print(`${users} users without a quota, medians of ${rounds} rounds`);
  const baseline = median(seen['pages, one by one'].rate);
  for (const [name, { rate, growth }] of Object.entries(seen)) {
    const ratio = (median(rate) / baseline).toFixed(2);
    print(
      `  ${name.padEnd(18)} ${median(rate).toFixed(0)} users/s, ${ratio} × pages; memory +${median(growth).toFixed(0)} MB`,
    );
  }
  hold('the stream is at least 2 × as fast as pages', median(seen.stream.rate) / baseline >= 2);
  hold('the stream takes at most 40 MB', Math.max(...seen.stream.growth) <= 40);
  await fake.stop();
}

async function underTheQuota() {
  const upstream = { USERS: '100000000', RATE: String(C), BURST: String(C), LATENCY_MS: '40' };
  const fake = await start(bench('collection-rekognition.js'), upstream);
  const pages = evenly({
    perSecond: C / 2,
    seconds,
    asks: (n) => ({ path: `/collections/page-${n}/users?maxResults=100`, caller: '198.51.100.7' }),
  });
  const trial = async (streams, plan) => {
    const subject = await start(service, { ...serviceSettings(fake.url), TRUST_PROXY: '1' });
    await subject.answers('/collections/warm-up/users?maxResults=100');
    await setTimeout(1100);
    const readers = Array.from({ length: streams }, (_, n) =>
      follow(`${subject.url}/collections/all/users.ndjson`, `203.0.113.${n}`),
    );
    // The burst is not what is measured.
    await setTimeout(2000);
    const before = usersOf(readers);
    const from = performance.now();
    const outcomes =
      plan.length > 0 ? (await offer([subject.url], plan)).outcomes : await setTimeout(seconds * 1000, []);
    const rate = (usersOf(readers) - before) / ((performance.now() - from) / 1000);
    for (const reader of readers) reader.stop();
    await subject.stop();
    const bad = outcomes.filter(({ status }) => status !== 200);
    if (bad.length > 0)
      throw new Error(`pages were not answered with 200: ${JSON.stringify(bad.slice(0, 3))}`);
    const latency = outcomes.map(({ latencyMs }) => latencyMs);
    return { rate, p50: quantile(latency, 0.5), p99: quantile(latency, 0.99) };
  };
  const alone = await trial(1, []);
  const quiet = await trial(0, pages);
  const both = await trial(2, pages);
  const most = C * PAGE;
  print(`A quota of ${C} calls a second, ${seconds} s each`);
  print(
    `  one stream alone              ${alone.rate.toFixed(0)} users/s, ${(alone.rate / most).toFixed(2)} of the quota`,
  );
  print(`  pages at half the quota       p50 ${quiet.p50.toFixed(0)} ms, p99 ${quiet.p99.toFixed(0)} ms`);
  print(`  the same beside two streams   p50 ${both.p50.toFixed(0)} ms, p99 ${both.p99.toFixed(0)} ms`);
  const rest = both.rate / (most / 2);
  print(
    `  those streams                 ${both.rate.toFixed(0)} users/s, ${rest.toFixed(2)} of what the pages leave`,
  );
  hold('a stream alone gets 0.95 of the quota', alone.rate / most >= 0.95);
  hold(
    'pages take no more than 20 ms longer beside them',
    both.p50 - quiet.p50 <= 20 && both.p99 - quiet.p99 <= 20,
  );
  hold('two streams get 0.95 of what pages leave', rest >= 0.95);
  await fake.stop();
}

function hold(what, holds) {
  print(`  ${holds ? 'ok' : 'MISSED'}: ${what}`);
  if (!holds) missed.push(what);
}

/** Follows `nextToken`, as a client of pages does. */
async function readPages(url, most = Infinity) {
  let count = 0;
  let query = '?maxResults=500';
  for (let number = 1; ; number += 1) {
    const page = await (await ask(`${url}/collections/all/users${query}`)).json();
    count += page.users.length;
    if (page.nextToken === undefined || number === most) return count;
    query = `?maxResults=500&nextToken=${page.nextToken}`;
  }
}

/** As many as there are lines; it throws where the stream breaks. */
async function readLines(url) {
  let count = 0;
  const { body } = await ask(url);
  for await (const chunk of body) count += lines(chunk);
  return count;
}

async function readAll(url) {
  const { users: all } = await (await ask(`${url}/collections/all/users`)).json();
  return all.length;
}

async function ask(url, options) {
  const response = await fetch(url, options);
  if (!response.ok) throw new Error(`${url} was answered with ${response.status}`);
  return response;
}

/** Reads in the background, until it is stopped; a stream that ends before is an error. */
function follow(url, caller) {
  const stopping = new AbortController();
  const reader = { users: 0, stop: () => stopping.abort() };
  void (async () => {
    try {
      const { body } = await ask(url, { headers: { 'X-Forwarded-For': caller }, signal: stopping.signal });
      for await (const chunk of body) reader.users += lines(chunk);
      throw new Error('a stream without an end ended');
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
    }
  })();
  return reader;
}

function lines(chunk) {
  let count = 0;
  for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

function usersOf(readers) {
  return readers.reduce((all, reader) => all + reader.users, 0);
}

/** Starts to watch the resident memory of a process, from Linux's /proc; the result says by how much it has grown at most. */
function watchMemory(pid) {
  const resident = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
  const idle = resident();
  let most = idle;
  const timer = setInterval(() => {
    most = Math.max(most, resident());
  }, 10);
  return () => {
    clearInterval(timer);
    return Math.max(most, resident()) - idle;
  };
}
