import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect, test } from '@jest/globals';
import { stringify } from 'yaml';

import { readYaml } from '../support/deploy-files.ts';
import { testWith } from '../support/tools.ts';

const testWithPromtool = testWith('promtool');

/** Metrics by their name, and labels where they matter, with what is read of them every 15 s, as promtool writes it. */
type Readings = Readonly<Record<string, string>>;

/** Two replicas, of which the readings may be different. */
const ONE = 'job="rollcall", instance="10.0.0.1:9464"';
const TWO = 'job="rollcall", instance="10.0.0.2:9464"';
const users = `${ONE}, operation="ListUsers"`;
const collections = `${ONE}, operation="ListCollections"`;
const calls = (outcome: string) =>
  `rollcall_upstream_attempt_duration_seconds_count{${users}, outcome="${outcome}"}`;
const requests = (status: string, code: string, route = '/collections/:collectionId/users') =>
  `rollcall_http_requests_total{${ONE}, route="${route}", method="GET", status="${status}", code="${code}"}`;
const ended = (end: string) => `rollcall_streams_ended_total{${ONE}, end="${end}"}`;
const refused = (priority: string) => `rollcall_permits_refused_total{${users}, priority="${priority}"}`;

const fires: readonly (readonly [alert: string, when: string, readings: Readings])[] = [
  ['RollcallDown', 'one replica no longer answers', { [`up{${ONE}}`]: '1x8 0x80', [`up{${TWO}}`]: '1x88' }],
  [
    'RollcallDown',
    'all replicas are gone from discovery',
    { [`up{${ONE}}`]: '1x8 stale', [`up{${TWO}}`]: '1x8 stale' },
  ],
  ['RollcallDown', 'there never was a replica', {}],
  ['RollcallCrashLoop', 'a process starts for the fourth time', starts('1x8 2x8 3x8 4x20')],
  [
    'RollcallCredentialsRefused',
    'the first call has none',
    { [calls('UPSTREAM_UNAUTHENTICATED')]: '0x4 1x40' },
  ],
  [
    'RollcallUpstreamAccessDenied',
    'the first call is denied',
    { [calls('UPSTREAM_ACCESS_DENIED')]: '0x4 1x40' },
  ],
  [
    'RollcallBreakerOpen',
    'calls of one operation are suspended, though those of another are not',
    { [breaker(users)]: '1x4 0x40', [breaker(collections)]: '1x44' },
  ],
  ['RollcallCollectionsSuspended', 'one collection is suspended and stays so', suspended('0x4 1x40')],
  [
    'RollcallErrorRatio',
    'one request in ten fails',
    { [requests('200', 'none')]: '0+90x60', [requests('503', 'OVERLOADED')]: '0+10x60' },
  ],
  [
    'RollcallErrorRatio',
    'the list of collections fails',
    { [requests('502', 'UPSTREAM_ERROR', '/collections')]: '0+10x60' },
  ],
  [
    'RollcallStreamsBreakOff',
    'all streams break off',
    { [ended('failed')]: '0x4 1+1x60', [ended('complete')]: '0x64' },
  ],
  [
    'RollcallInternalErrors',
    'a route has its first 500',
    { [requests('500', 'INTERNAL_ERROR')]: '0x4 1x40' },
  ],
  ['RollcallQuotaNearlyUsed', 'nine tenths of it are used', { [calls('ok')]: '0+67x80', ...quota('5x80') }],
  ['RollcallCallersRefused', 'one page in five seconds is refused', { [refused('interactive')]: '0+3x80' }],
  ['RollcallThrottled', 'Rekognition throttles on and on', { [calls('UPSTREAM_THROTTLED')]: '0+2x60' }],
  ['RollcallRedisAway', 'one replica of two is without it', shared('1x60', '0x60')],
  ['RollcallEventLoopLag', 'it lags all the time', lag('0.2x60')],
];

const silent: typeof fires = [
  ['RollcallDown', 'a replica misses a reading', { [`up{${ONE}}`]: '1x8 0x3 1x80' }],
  ['RollcallCrashLoop', 'a process starts anew twice', starts('1x8 2x8 3x40')],
  ['RollcallCredentialsRefused', 'calls fail otherwise', { [calls('UPSTREAM_ERROR')]: '0+5x60' }],
  ['RollcallUpstreamAccessDenied', 'calls fail otherwise', { [calls('UPSTREAM_ERROR')]: '0+5x60' }],
  ['RollcallBreakerOpen', 'a probe succeeds within the minute', { [breaker(users)]: '1x4 0x2 1x40' }],
  ['RollcallCollectionsSuspended', 'a collection is back after three minutes', suspended('0x4 1x12 0x40')],
  [
    'RollcallErrorRatio',
    'one request in fifty fails, and replicas shut down',
    {
      [requests('200', 'none')]: '0+98x60',
      [requests('502', 'UPSTREAM_ERROR')]: '0+2x60',
      [requests('503', 'SHUTTING_DOWN')]: '0+50x60',
    },
  ],
  [
    'RollcallStreamsBreakOff',
    'one stream in ten does, and half of the readers leave',
    { [ended('failed')]: '0+1x60', [ended('complete')]: '0+4x60', [ended('left')]: '0+5x60' },
  ],
  ['RollcallInternalErrors', 'requests fail otherwise', { [requests('502', 'UPSTREAM_ERROR')]: '0+5x60' }],
  [
    'RollcallQuotaNearlyUsed',
    'three fifths of it are used, and the look-up of credentials keeps failing',
    { [calls('ok')]: '0+45x80', [calls('UPSTREAM_UNAUTHENTICATED')]: '0+100x80', ...quota('5x80') },
  ],
  ['RollcallCallersRefused', 'streams and lookups are refused', { [refused('background')]: '0+9x80' }],
  [
    'RollcallThrottled',
    'Rekognition throttles three times',
    { [calls('UPSTREAM_THROTTLED')]: '0x8 1 2 3x60' },
  ],
  ['RollcallRedisAway', 'a replica is without it for four minutes', shared('1x60', '1x8 0x16 1x36')],
  ['RollcallEventLoopLag', 'it lags for a minute', lag('0.01x20 0.2x4 0.01x20')],
];

const names = (
  readYaml('deploy/prometheus/alerts.yaml') as { groups: { rules: { alert: string }[] }[] }
).groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));

test('of each alert it is tried that it fires and that it does not', () => {
  const tried = (cases: typeof fires) => [...new Set(cases.map(([alert]) => alert))].sort();
  expect([tried(fires), tried(silent)]).toEqual([names.toSorted(), names.toSorted()]);
});

testWithPromtool.each(fires)("%s fires where %s (needs Debian's prometheus)", (alert, _when, readings) => {
  expect(hasFired(alert, readings, true)).toContain('SUCCESS');
});

testWithPromtool.each(silent)(
  "%s is silent where %s (needs Debian's prometheus)",
  (alert, _when, readings) => {
    expect(hasFired(alert, readings, false)).toContain('SUCCESS');
  },
);

/** What promtool says to the claim that the alert has fired, or has not, within 20 minutes of these readings. */
function hasFired(alert: string, readings: Readings, expected: boolean): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'rollcall-alerts-'));
  const file = path.join(directory, 'test.yaml');
  const claim = {
    expr: `count(count_over_time(ALERTS{alertname="${alert}", alertstate="firing"}[20m]))`,
    eval_time: '20m',
    exp_samples: expected ? [{ labels: '{}', value: 1 }] : [],
  };
  writeFileSync(
    file,
    stringify({
      rule_files: [path.resolve('deploy/prometheus/alerts.yaml')],
      evaluation_interval: '15s',
      tests: [
        {
          interval: '15s',
          input_series: Object.entries(readings).map(([series, values]) => ({ series, values })),
          promql_expr_test: [claim],
        },
      ],
    }),
  );
  const { stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
  rmSync(directory, { recursive: true });
  return stdout + stderr;
}

function starts(times: string): Readings {
  return { [`process_start_time_seconds{${ONE}}`]: times, [`process_start_time_seconds{${TWO}}`]: '1x60' };
}

function breaker(operation: string): string {
  return `rollcall_breaker_state{${operation}, state="closed"}`;
}

function suspended(count: string): Readings {
  return { [`rollcall_breaker_suspended_collections{${users}}`]: count };
}

function quota(tps: string): Readings {
  return {
    [`rollcall_quota_configured_per_second{${users}}`]: tps,
    // Of another operation, which has its own.
    [`rollcall_quota_configured_per_second{${collections}}`]: tps,
  };
}

function shared(one: string, two: string): Readings {
  return { [`rollcall_redis_shared{${ONE}}`]: one, [`rollcall_redis_shared{${TWO}}`]: two };
}

function lag(seconds: string): Readings {
  return { [`nodejs_eventloop_lag_p99_seconds{${ONE}}`]: seconds };
}
