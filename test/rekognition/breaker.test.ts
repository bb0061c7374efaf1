import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { AppError } from '../../src/errors.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { createBreaker, guarded, type Breaker } from '../../src/rekognition/breaker.ts';
import { CredentialsError } from '../../src/rekognition/credentials.ts';
import { toUpstreamFailure, type UpstreamFailure } from '../../src/rekognition/failure.ts';
import { createRetryBudget, retried } from '../../src/rekognition/retry.ts';
import { TransportError } from '../../src/rekognition/transport.ts';
import { contextOf, inputOf, operation } from '../support/operation.ts';

const NOW = 1_700_000_000_000;

/** A breaker whose time passes by hand and whose chance is fixed. */
function breakerAt({ random = () => 0 }: { readonly random?: () => number } = {}) {
  let time = NOW;
  const now = () => time;
  const breaker = createBreaker({ now, random });
  const refusal = (collectionId: string): AppError | undefined => {
    try {
      breaker.check(collectionId);
      return undefined;
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      return error as AppError;
    }
  };
  const fail = (...collectionIds: string[]): void => {
    for (const id of collectionIds) breaker.begin(id)('failed');
  };
  return {
    now,
    fail,
    refusal,
    begin: (collectionId: string) => breaker.begin(collectionId),
    /** A call that fails. */
    send: (failure: UpstreamFailure) =>
      guarded(breaker)(() => Promise.reject(failure))(operation, inputOf(), contextOf()),
    state: () => breaker.state(),
    suspendedScopes: () => breaker.suspendedScopes(),
    pass: (ms: number) => {
      time += ms;
    },
    refused: (collectionId: string) => refusal(collectionId) !== undefined,
    answer: (collectionId: string) => {
      breaker.begin(collectionId)('succeeded');
    },
    suspendAll: () => {
      fail('a', 'b', 'c', 'd', 'e');
    },
  };
}

describe('Failures in a row', () => {
  test('of calls without a scope suspend these calls, and the state says so', () => {
    let time = NOW;
    const breaker = createBreaker({ now: () => time, random: () => 0 });
    for (let call = 0; call < 5; call += 1) breaker.begin(undefined)('failed');
    expect(() => {
      breaker.check(undefined);
    }).toThrow(AppError);
    expect(breaker.state()).toBe('open');
    time += 1000;
    const probe = breaker.begin(undefined);
    expect(breaker.state()).toBe('half-open');
    probe('succeeded');
    expect(breaker.state()).toBe('closed');
  });

  test('suspend all calls when they are five and concern several collections', () => {
    const { fail, refused, state } = breakerAt();
    fail('a', 'b', 'a', 'b');
    expect([refused('a'), refused('other'), state()]).toEqual([false, false, 'closed']);
    fail('a');
    expect([refused('a'), refused('b'), state()]).toEqual([true, true, 'open']);
  });

  test('suspend only their collection when they concern one, however many they are', () => {
    const { fail, refused, state, pass, suspendedScopes } = breakerAt();
    fail('broken', 'broken', 'broken', 'broken');
    expect(refused('broken')).toBe(false);
    for (let probe = 0; probe < 20; probe += 1) {
      fail('broken');
      expect([refused('broken'), refused('team'), state()]).toEqual([true, false, 'closed']);
      expect(suspendedScopes()).toBe(1);
      pass(5000);
    }
  });

  test('of one collection leave the others alone when another fails once', () => {
    const { fail, refused } = breakerAt();
    fail('broken', 'broken', 'broken', 'broken', 'broken', 'team');
    expect(refused('team')).toBe(false);
  });

  test('are forgotten with the first answer', () => {
    const { fail, answer, refused } = breakerAt();
    fail('a', 'b', 'c', 'd');
    answer('e');
    fail('a', 'b', 'c', 'd');
    expect(refused('a')).toBe(false);
    fail('e');
    expect(refused('a')).toBe(true);
  });

  test('are neither added to nor ended by calls that were not sent', async () => {
    const { fail, begin, send, refused } = breakerAt();
    fail('a', 'b', 'c', 'd');
    begin('e')('cancelled');
    const unsent = toUpstreamFailure(new CredentialsError(new Error()), Date.now);
    await expect(send(unsent)).rejects.toBe(unsent);
    expect(refused('a')).toBe(false);
    fail('e');
    expect(refused('a')).toBe(true);
  });

  test('that end while calls are suspended already do not make the pause longer', () => {
    const { begin, suspendAll, pass, refused } = breakerAt();
    const underWay = Array.from({ length: 10 }, () => begin('slow'));
    suspendAll();
    pass(999);
    for (const call of underWay) call('failed');
    pass(1);
    expect(refused('a')).toBe(false);
  });

  test('of calls that began before the recovery do not count after it', () => {
    const { begin, suspendAll, pass, answer, refused } = breakerAt();
    const underWay = ['a', 'b', 'c', 'd', 'e'].map((id) => begin(id));
    suspendAll();
    pass(1000);
    answer('a');
    for (const call of underWay) call('failed');
    expect(refused('a')).toBe(false);
  });
});

describe('Suspended calls', () => {
  test('are refused with 503 UPSTREAM_UNAVAILABLE and the time until the next probe', () => {
    const { refusal, suspendAll, pass, begin } = breakerAt();
    suspendAll();
    expect(refusal('a')).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', status: 503, retryAfterS: 1 });
    pass(400);
    expect(refusal('a')).toMatchObject({ retryAfterS: 0.6 });
    expect(() => begin('a')).toThrow(AppError);
  });

  test('are probed by one call after a second, and let go by its answer', () => {
    const { suspendAll, pass, refused, begin, state } = breakerAt();
    suspendAll();
    pass(999);
    expect(refused('a')).toBe(true);
    pass(1);
    expect(refused('a')).toBe(false);
    const probe = begin('a');
    expect([refused('a'), refused('b'), state()]).toEqual([true, true, 'half-open']);
    probe('succeeded');
    expect([refused('a'), refused('b'), state()]).toEqual([false, false, 'closed']);
  });

  test('are suspended for twice as long after each probe that failed, up to five seconds', () => {
    const { suspendAll, fail, pass, refusal } = breakerAt();
    suspendAll();
    const pauses = Array.from({ length: 6 }, () => {
      const pause = refusal('team')?.retryAfterS ?? 0;
      pass(pause * 1000);
      fail('team');
      return pause;
    });
    expect(pauses).toEqual([1, 2, 4, 5, 5, 5]);
  });

  test('are suspended for a second again where they fail anew after a recovery', () => {
    const { suspendAll, fail, answer, pass, refusal } = breakerAt();
    suspendAll();
    pass(1000);
    fail('a');
    pass(2000);
    answer('a');
    suspendAll();
    expect(refusal('a')).toMatchObject({ retryAfterS: 1 });
  });

  test('pause up to a quarter longer, so that replicas do not probe in step', () => {
    const { suspendAll, refusal } = breakerAt({ random: () => 1 });
    suspendAll();
    expect(refusal('a')).toMatchObject({ retryAfterS: 1.25 });
  });

  test('say to look again in a second while a probe is under way', () => {
    const { suspendAll, pass, begin, refusal } = breakerAt();
    suspendAll();
    pass(1000);
    begin('a');
    expect(refusal('b')).toMatchObject({ retryAfterS: 1 });
  });

  test('are probed by the next when a probe was not sent', () => {
    const { suspendAll, pass, begin, refused, answer, state } = breakerAt();
    suspendAll();
    pass(1000);
    const probe = begin('a');
    pass(1000);
    probe('cancelled');
    expect(refused('b')).toBe(false);
    answer('b');
    expect(state()).toBe('closed');
  });

  test('are probed once a second at most, however many probes are not sent', () => {
    const { suspendAll, pass, begin, refused } = breakerAt();
    suspendAll();
    pass(1000);
    begin('a')('cancelled');
    pass(999);
    expect(refused('a')).toBe(true);
    pass(1);
    expect(refused('a')).toBe(false);
  });

  test('are probed again after a minute if a probe never ends, and its late end counts for nothing', () => {
    const { suspendAll, pass, begin, refused, state } = breakerAt();
    suspendAll();
    pass(1000);
    const lost = begin('a');
    pass(59_999);
    expect(refused('a')).toBe(true);
    pass(1);
    const probe = begin('b');
    lost('succeeded');
    expect(state()).toBe('half-open');
    probe('succeeded');
    expect(state()).toBe('closed');
  });

  test('of one collection take no probe from all the others', () => {
    const { fail, pass, refused, begin, state } = breakerAt();
    fail('broken', 'broken', 'broken', 'broken', 'broken');
    fail('b', 'c');
    expect(state()).toBe('open');
    pass(1000);
    fail('broken');
    pass(1999);
    expect(refused('b')).toBe(true);
    pass(1);
    begin('b')('succeeded');
    expect([state(), refused('b')]).toEqual(['closed', false]);
  });
});

describe('A collection that has not failed, while few others have', () => {
  test('is the first probe, without a pause, and ends the suspension where it is well', () => {
    const { fail, refused, begin, answer, state } = breakerAt();
    fail('a', 'b', 'a', 'b', 'a');
    expect([refused('a'), refused('team')]).toEqual([true, false]);
    const probe = begin('team');
    expect([refused('other'), state()]).toEqual([true, 'half-open']);
    probe('succeeded');
    answer('a');
    expect(state()).toBe('closed');
  });

  test('is such a probe once: where it fails too, all wait', () => {
    const { fail, refused, pass } = breakerAt();
    fail('a', 'b', 'a', 'b', 'a');
    fail('team');
    expect([refused('team'), refused('other')]).toEqual([true, true]);
    pass(1999);
    expect(refused('other')).toBe(true);
    pass(1);
    expect(refused('other')).toBe(false);
  });
});

test('a thousand collections are remembered, and the longest unused of more is forgotten', () => {
  const { fail, answer, refused, suspendedScopes } = breakerAt();
  fail('broken', 'broken', 'broken', 'broken', 'broken');
  for (let count = 0; count < 999; count += 1) answer(`team-${count}`);
  expect([refused('broken'), suspendedScopes()]).toEqual([true, 1]);
  for (let count = 0; count < 1000; count += 1) answer(`other-${count}`);
  expect([refused('broken'), suspendedScopes()]).toEqual([false, 0]);
});

type Action =
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'enter'; readonly id: string }
  | { readonly do: 'succeeded' | 'failed' | 'cancelled'; readonly which: number };

const actionsOn = (...ids: string[]): fc.Arbitrary<Action[]> =>
  fc.array(
    fc.oneof(
      fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 3000 }) }),
      fc.record({ do: fc.constant('enter' as const), id: fc.constantFrom(...ids) }),
      fc.record({
        do: fc.constantFrom('succeeded' as const, 'failed' as const, 'failed' as const, 'cancelled' as const),
        which: fc.nat(),
      }),
    ),
    { maxLength: 80 },
  );
const actions = actionsOn('a', 'b', 'c');
const chances = fc.double({ min: 0, max: 1, noNaN: true });

type TestBreaker = ReturnType<typeof breakerAt>;

interface UnderWay {
  readonly pass: ReturnType<Breaker['begin']>;
  /** It began while calls were suspended. */
  readonly probe: boolean;
  readonly beganAt: number;
}

/** Plays actions with a look after each; entering where it is refused, or ending where nothing is under way, is nothing. */
function play(
  breaker: TestBreaker,
  script: readonly Action[],
  look: (underWay: readonly UnderWay[]) => void,
): void {
  const underWay: UnderWay[] = [];
  for (const action of script) {
    if (action.do === 'pass') breaker.pass(action.ms);
    else if (action.do !== 'enter') {
      underWay.splice(action.which % Math.max(1, underWay.length), 1)[0]?.pass(action.do);
    } else if (!breaker.refused(action.id)) {
      const probe = breaker.state() !== 'closed' || breaker.suspendedScopes() > 0;
      underWay.push({ pass: breaker.begin(action.id), probe, beganAt: breaker.now() });
    }
    look(underWay);
  }
}

interface Scope {
  readonly name: string;
  /** Five failures that suspend the calls of the scope. */
  readonly failures: readonly string[];
  readonly scripts: fc.Arbitrary<Action[]>;
}

const teams = Array.from({ length: 26 }, (_, index) => `team-${index}`);
const scopes: readonly Scope[] = [
  { name: 'one collection', failures: ['a', 'a', 'a', 'a', 'a'], scripts: actionsOn('a') },
  // So many that none is suspended for itself.
  { name: 'all collections', failures: teams.slice(0, 5), scripts: actionsOn(...teams) },
];

test.each(scopes)(
  'in any order of events, a suspension of $name lets one probe at most be under way',
  ({ failures, scripts }) => {
    fc.assert(
      fc.property(scripts, chances, (script, chance) => {
        const breaker = breakerAt({ random: () => chance });
        breaker.fail(...failures);
        play(breaker, script, (underWay) => {
          // One that has been under way for a minute is taken for lost.
          const probes = underWay.filter((call) => call.probe && breaker.now() < call.beganAt + 60_000);
          expect(probes.length).toBeLessThanOrEqual(1);
        });
      }),
    );
  },
);

test('after any order of events, with probes answered, every collection is served again within two minutes', () => {
  fc.assert(
    fc.property(actions, chances, (script, chance) => {
      const breaker = breakerAt({ random: () => chance });
      breaker.fail('a', 'a', 'a', 'b', 'b');
      // The calls in flight never end.
      play(breaker, script, () => undefined);
      for (let second = 0; second < 120; second += 1) {
        for (const id of ['a', 'b', 'c']) if (!breaker.refused(id)) breaker.answer(id);
        breaker.pass(1000);
      }
      expect(['a', 'b', 'c', 'd'].map(breaker.refused)).toEqual([false, false, false, false]);
      expect([breaker.state(), breaker.suspendedScopes()]).toEqual(['closed', 0]);
    }),
  );
});

test('a refusal always names a time in the future, and never more than 6.25 s of it', () => {
  fc.assert(
    fc.property(actions, chances, (script, chance) => {
      const breaker = breakerAt({ random: () => chance });
      play(breaker, script, () => {
        for (const id of ['a', 'b', 'c', 'd']) {
          const retryAfterS = breaker.refusal(id)?.retryAfterS ?? 1;
          expect(retryAfterS).toBeGreaterThan(0);
          expect(retryAfterS).toBeLessThanOrEqual(6.25);
        }
      });
    }),
  );
});

describe('In a total outage', () => {
  /** Requests with retries, of which no attempt succeeds. */
  function outage(collectionOf: (request: number) => string, maxAttempts = 3) {
    const breaker = breakerAt();
    const budget = createRetryBudget(breaker.now);
    let attempts = 0;
    const stage = retried({
      maxAttempts,
      budget,
      metrics: createMetrics([]),
      now: breaker.now,
      random: () => 0,
    });
    const call = stage(async (_operation, input) => {
      const execution = breaker.begin('CollectionId' in input ? String(input.CollectionId) : '');
      attempts += 1;
      await Promise.resolve();
      execution('failed');
      throw toUpstreamFailure(new TransportError(new Error('refused')), breaker.now);
    });
    const request = async (number: number): Promise<number> => {
      const before = attempts;
      await call(operation, inputOf(collectionOf(number)), contextOf()).catch(() => undefined);
      return attempts - before;
    };
    return { breaker, request, attempts: () => attempts };
  }

  const one = () => 'team';
  const distinct = (request: number) => `team-${request}`;

  test.each([
    ['one collection', one],
    ['distinct collections', distinct],
  ])('200 requests for %s at once cost at most 1.10 attempts a request', async (_name, collectionOf) => {
    const { request, attempts } = outage(collectionOf);
    await Promise.all(Array.from({ length: 200 }, (_, number) => request(number)));
    expect(attempts()).toBeGreaterThanOrEqual(200);
    expect(attempts()).toBeLessThanOrEqual(220);
  });

  test.each([
    ['one collection', one],
    ['distinct collections', distinct],
  ])('200 requests for %s, five a second, cost a handful of attempts', async (_name, collectionOf) => {
    const { breaker, request, attempts } = outage(collectionOf);
    for (let number = 0; number < 200; number += 1) {
      await request(number);
      breaker.pass(200);
    }
    expect(attempts()).toBeLessThanOrEqual(16);
  });

  test.each([
    ['one collection', one, 1],
    ['one collection', one, 3],
    ['two collections', (request: number) => `team-${request % 2}`, 1],
    ['distinct collections', distinct, 1],
    ['distinct collections', distinct, 3],
  ])(
    'at one request a second for %s, one in five reaches it after ten seconds (attempts: %#)',
    async (_name, collectionOf, maxAttempts) => {
      const { breaker, request } = outage(collectionOf, maxAttempts);
      const reached: boolean[] = [];
      for (let number = 0; number < 110; number += 1) {
        reached.push((await request(number)) > 0);
        breaker.pass(1000);
      }
      const after = reached.slice(10);
      expect(after.filter(Boolean).length / after.length).toBeLessThanOrEqual(0.2);
    },
  );
});
