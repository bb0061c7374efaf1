// Many callers and five calls a second: the service against the SDK's own ways of coping, and a naive cache.
// Ends with 1 where the service misses a threshold.
import process from 'node:process';

import { check, print } from './processes.js';
import { CACHE_TTL_MS, DEADLINE_MS, subjects } from './quota-run.js';
import { burst, drop, identical, lightCaller, outage, overload, seconds } from './quota-scenarios.js';

const everyone = Object.keys(subjects);
// Where no page is asked for twice, a cache changes nothing.
const [ours, ...rivals] = everyone.filter((name) => name !== 'naive cache');

const ratio = (value) => value.toFixed(2);
const ms = (value) => (value === undefined ? '–' : `${value.toFixed(value < 10 ? 1 : 0)} ms`);
const s = (value) => `${value.toFixed(1)} s`;

const [polite, punishing, same, alone, beside] = await table(
  [
    { load: 'distinct, polite', who: everyone, measure: (begin) => overload(begin) },
    {
      load: 'distinct, punishing',
      who: [ours, ...rivals],
      measure: (begin) => overload(begin, { punishing: true }),
    },
    { load: 'identical', who: everyone, measure: (begin) => identical(begin) },
    { load: 'light caller alone', who: [ours], measure: (begin) => lightCaller(begin, { beside: false }) },
    {
      load: 'light beside heavy',
      who: [ours, ...rivals],
      measure: (begin) => lightCaller(begin, { beside: true }),
    },
  ],
  {
    goodput: ({ goodput }) => ratio(goodput),
    sent: ({ sent }) => ratio(sent),
    throttled: ({ throttled }) => String(throttled),
    answered: ({ answered }) => ratio(answered),
    'accepted p50': ({ acceptedP50 }) => ms(acceptedP50),
    'accepted p99': ({ acceptedP99 }) => ms(acceptedP99),
    'after 10 s: p50': ({ standing }) => ms(standing.acceptedP50),
    'after 10 s: p99': ({ standing }) => ms(standing.acceptedP99),
    'refused p99': ({ refusedP99 }) => ms(refusedP99),
  },
);
const [bursting] = await table(
  [{ load: 'five times the quota at once', who: [ours], measure: (begin) => burst(begin) }],
  { answered: ({ answered }) => ratio(answered), 'accepted p99': ({ acceptedP99 }) => ms(acceptedP99) },
);
const [dropping] = await table(
  [{ load: 'drops from 20 x to 0.5 x', who: [ours], measure: (begin) => drop(begin) }],
  { 'first without a wait after': ({ undelayedAfterS }) => s(undelayedAfterS) },
);
const [failing, hanging] = await table(
  [
    {
      load: 'every call fails',
      who: [ours, ...rivals],
      measure: (begin) => outage(begin, { kind: '500' }),
    },
    { load: 'every call hangs', who: [ours], measure: (begin) => outage(begin, { kind: 'hang' }) },
  ],
  {
    'attempts a request': ({ attempts }) => ratio(attempts),
    'share upstream after 10 s': ({ share }) => ratio(share),
    'refused p50': ({ refusedP50 }) => ms(refusedP50),
    'refused p99': ({ refusedP99 }) => ms(refusedP99),
    'first answer after': ({ firstAnswerS }) => s(firstAnswerS),
    'last refusal after': ({ lastRefusalS }) => s(lastRefusalS),
    'most calls in 1 s': ({ burst }) => String(burst),
  },
);

const passed = [
  check('polite: goodput', polite.goodput, '>=', 0.98),
  check('polite: sent', polite.sent, '<=', 1.02),
  check('polite: throttled calls', polite.throttled, '<=', 0),
  check('polite: accepted p99, ms', polite.acceptedP99, '<=', DEADLINE_MS),
  check('polite: accepted p50 after 10 s, ms', polite.standing.acceptedP50, '<=', 1100),
  check('polite: accepted p99 after 10 s, ms', polite.standing.acceptedP99, '<=', 1500),
  check('polite: refused p99, ms', polite.refusedP99, '<=', 50),
  check('punishing: goodput', punishing.goodput, '>=', 0.98),
  check('punishing: accepted p99 after 10 s, ms', punishing.standing.acceptedP99, '<=', 1500),
  check('burst: answered', bursting.answered, '>=', 1),
  check('drop: first without a wait after, s', dropping.undelayedAfterS, '<=', 2),
  check('identical: answered', same.answered, '>=', 1),
  check('identical: calls, one a TTL', same.calls, '<=', (seconds * 1000) / CACHE_TTL_MS + 1),
  check('light beside heavy: answered', beside.answered, '>=', 0.95),
  check('light beside heavy: accepted p99, ms more', beside.acceptedP99 - alone.acceptedP99, '<=', 500),
  check('failing: attempts a request, the first 200', failing.attempts, '<=', 1.1),
  check('failing: share upstream after 10 s', failing.share, '<=', 0.2),
  check('failing: refused p99 after 10 s, ms', failing.refusedP99, '<=', 50),
  check('failing: first answer after recovery, s', failing.firstAnswerS, '<=', 7),
  check('hanging: attempts a request, the first 200', hanging.attempts, '<=', 1.1),
  check('hanging: share upstream after 10 s', hanging.share, '<=', 0.2),
  check('hanging: first answer after recovery, s', hanging.firstAnswerS, '<=', 7),
];
process.exit(passed.every(Boolean) ? 0 : 1);

/** Measures one after the other, prints a row as each is done, and returns the service's results. */
async function table(scenarios, columns) {
  const names = Object.keys(columns);
  print(`| load | who | ${names.join(' | ')} |\n|${' --- |'.repeat(names.length + 2)}`);
  const results = [];
  for (const { load, who, measure } of scenarios) {
    for (const subject of who) {
      const result = await measure(subjects[subject]);
      if (subject === ours) results.push(result);
      print(
        `| ${load} | ${subject} | ${Object.values(columns)
          .map((of) => of(result))
          .join(' | ')} |`,
      );
      if (process.env.VERBOSE)
        print(`  ${JSON.stringify(result.kinds)}, sent late by p99 ${ms(result.lateP99)}`);
    }
  }
  return results;
}
