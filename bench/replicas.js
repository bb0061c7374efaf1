// Three replicas on one Redis, under many times the quota of all together. Ends with 1 where a threshold is missed.
// ONLY=polite,killed runs some of it.
import process from 'node:process';

import { fleet } from './fleet.js';
import { pageInRedis } from './page-in-redis.js';
import { check, heading, print, row } from './processes.js';
import { CACHE_TTL_MS, subjects } from './quota-run.js';
import { identical, overload, seconds } from './quota-scenarios.js';
import { fates, withoutRedis } from './replicas-scenarios.js';
import { sharingLatency } from './sharing-latency.js';

const ms = (value) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
const passed = [];
const require = (...threshold) => passed.push([...threshold]);
const wanted = (name) => (process.env.ONLY ?? name).split(',').includes(name);

heading(
  'overload',
  'goodput',
  'sent',
  'throttled',
  'answered',
  'after 10 s: p50',
  'after 10 s: p99',
  'refused p99',
);
for (const upstream of ['polite', 'punishing'].filter(wanted)) {
  const result = await overload(fleet, { punishing: upstream === 'punishing' });
  const { goodput, sent, throttled, calls, answered, standing, refusedP99, kinds } = result;
  row(
    upstream,
    goodput.toFixed(2),
    sent.toFixed(2),
    throttled,
    answered.toFixed(2),
    ms(standing.acceptedP50),
    ms(standing.acceptedP99),
    ms(refusedP99),
  );
  if (process.env.VERBOSE) print(`  ${JSON.stringify(kinds)}, sent late by p99 ${ms(result.lateP99)}`);
  require(`${upstream}: goodput`, goodput, '>=', 0.98);
  require(`${upstream}: accepted p50 after 10 s, ms`, standing.acceptedP50, '<=', 1100);
  require(`${upstream}: accepted p99 after 10 s, ms`, standing.acceptedP99, '<=', 1500);
  require(`${upstream}: refused p99, ms`, refusedP99, '<=', 50);
  require(`${upstream}: sent`, sent, '<=', 1.05);
  require(`${upstream}: throttled, share of calls`, throttled / calls, '<=', 0.01);
}

heading(
  'Redis',
  'failed',
  'longest wait',
  'most sent in 1 s',
  'throttled',
  'sent without',
  'sent afterwards',
  'shared again',
);
for (const fate of Object.keys(fates).filter(wanted)) {
  const result = await withoutRedis(fates[fate]);
  const { failed, waitedMs, burst, throttled, away, back, sharedAgainS, kinds } = result;
  row(
    fate,
    failed,
    ms(waitedMs),
    burst.toFixed(2),
    throttled,
    away.toFixed(2),
    back.toFixed(2),
    `${sharedAgainS.toFixed(1)} s`,
  );
  if (process.env.VERBOSE) print(`  ${JSON.stringify(kinds)}`);
  require(`Redis ${fate}: failed requests`, failed, '<=', 0);
  require(`Redis ${fate}: most sent in a second, of C`, burst, '<=', 1.25);
  require(`Redis ${fate}: shared again after, s`, sharedAgainS, '<=', 5);
  require(`Redis ${fate}: sent from 5 s after it, of C`, back, '>=', 0.95);
}

heading('a page on an idle service', 'median');
if (wanted('idle')) {
  const { aloneMs, sharedMs } = await sharingLatency();
  row('alone', ms(aloneMs));
  row('shared', ms(sharedMs));
  require('idle: sharing adds, ms', sharedMs - aloneMs, '<=', 1);
}
if (wanted('pages')) {
  heading('one page for all', 'answered', 'calls a TTL', 'accepted p99');
  for (const [replicas, begin] of Object.entries({
    'one replica': subjects.service,
    'three replicas': fleet,
  })) {
    const { answered, calls, acceptedP99 } = await identical(begin);
    row(replicas, answered.toFixed(2), ((calls * CACHE_TTL_MS) / 1000 / seconds).toFixed(2), ms(acceptedP99));
  }
  heading('a page of 100 users in Redis', 'bytes', 'read, median', 'CPU of a read');
  const { bytes, readMs, cpuMs } = await pageInRedis();
  row('read and parsed', bytes, ms(readMs), ms(cpuMs));
}
process.exit(passed.map((threshold) => check(...threshold)).every(Boolean) ? 0 : 1);
