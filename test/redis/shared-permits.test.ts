import { expect, test } from '@jest/globals';

import type { BucketReply, BucketOp } from '../../src/redis/shared-bucket.ts';
import { createSharedPermits } from '../../src/redis/shared-permits.ts';
import { fakeTime, type FakeTime } from '../support/fake-time.ts';

interface Bucket {
  /** Permits of all, as the script keeps them; negative where some are promised for later. */
  tokens: number;
  at: number;
  away: boolean;
}

const TPS = 5;
const REPLICAS = 3;

/** One replica on a bucket that answers at once, or not at all. */
function replicaOn(bucket: Bucket, time: FakeTime) {
  const asked: string[] = [];
  const { now } = time;
  const fill = () => {
    bucket.tokens = Math.min(TPS, bucket.tokens + ((now() - bucket.at) * TPS) / 1000);
    bucket.at = now();
  };
  let lastReply = { tokens: 0, rate: TPS, at: now() };
  const coordinator = {
    shared: true,
    ask(_bucket: unknown, op: BucketOp, count = 0): Promise<BucketReply | undefined> {
      asked.push(`${op} ${count}`);
      if (bucket.away) {
        coordinator.shared = false;
        return Promise.resolve(undefined);
      }
      fill();
      const granted = op === 'take' ? Math.max(1, Math.min(count, Math.floor(bucket.tokens))) : 0;
      bucket.tokens -= granted;
      lastReply = { tokens: bucket.tokens, rate: TPS, at: now() };
      const waitMs = op === 'take' ? Math.max(0, (-bucket.tokens / TPS) * 1000) : 0;
      return Promise.resolve({ granted, waitMs, tokens: bucket.tokens, rate: TPS });
    },
  };
  const source = createSharedPermits({
    coordinator,
    bucket: {
      ask: (op, count) => coordinator.ask(undefined, op, count),
      get lastReply() {
        return lastReply;
      },
    },
    tps: TPS,
    burst: TPS,
    replicas: REPLICAS,
    now,
    schedule: time.schedule,
  });
  return { source, coordinator, asked };
}

function fleet(tokens: number) {
  const time = fakeTime();
  const bucket: Bucket = { tokens, at: time.now(), away: false };
  const replica = () => replicaOn(bucket, time);
  return { time, bucket, replicas: [replica(), replica(), replica()] as const };
}

/** Takes permits one after the other for as long as time passes: when each came, in milliseconds from the start. */
function takeAlways(replica: ReturnType<typeof replicaOn>, time: FakeTime, times: number[]): void {
  const start = time.now();
  const ask = () => void Promise.resolve(replica.source.take(1, 'interactive')).then(received);
  const received = (granted: number) => {
    if (granted > 0) times.push(time.now() - start);
    if (granted > 0) ask();
    else time.schedule(Math.max(1, replica.source.waitMs(0, 'interactive')), ask);
  };
  ask();
}

const mostInASecond = (times: readonly number[]) =>
  Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 999).length));

test('when Redis goes under load the parts of all replicas go on where the shared permits ended', async () => {
  const { time, bucket, replicas } = fleet(0);
  const times: number[] = [];
  for (const replica of replicas) takeAlways(replica, time, times);
  await time.pass(0);
  await time.pass(5050);
  bucket.away = true;
  // A look at the metrics is the first to ask how many there are.
  for (const { coordinator, source } of replicas) {
    coordinator.shared = false;
    source.state();
  }
  await time.pass(10_000);
  expect(mostInASecond(times)).toBeLessThanOrEqual(TPS);
  expect(times.length).toBeGreaterThanOrEqual(0.94 * 15 * TPS);
});

test('a replica that Redis leaves unused starts with its part of what was left', () => {
  const { time, replicas } = fleet(TPS);
  const [first] = replicas;
  void first.coordinator.ask(undefined, 'heartbeat');
  first.coordinator.shared = false;
  expect(first.source.state()).toEqual({ rate: TPS / REPLICAS, available: 1 });
  expect(first.source.waitMs(0, 'interactive')).toBe(0);
  expect(time.timers).toBe(0);
});

test('a replica that did nothing knows by its heartbeat that the others left nothing', async () => {
  const { time, replicas } = fleet(TPS);
  const [idle, busy] = replicas;
  await idle.coordinator.ask(undefined, 'heartbeat');
  await busy.source.take(5, 'interactive');
  await idle.coordinator.ask(undefined, 'heartbeat');
  idle.coordinator.shared = false;
  expect(idle.source.state().available).toBe(0);
  expect(idle.source.take(1, 'interactive')).toBe(0);
  await time.pass(600);
  expect(idle.source.take(1, 'interactive')).toBe(1);
});

test('in a second outage a replica starts with its part of what is left then, though it asked for nothing in between', async () => {
  const { time, replicas } = fleet(TPS);
  const [idle, busy] = replicas;
  await idle.coordinator.ask(undefined, 'heartbeat');
  idle.coordinator.shared = false;
  expect(idle.source.state().available).toBe(1);
  idle.coordinator.shared = true;
  await time.pass(10_000);
  await busy.source.take(5, 'interactive');
  await idle.coordinator.ask(undefined, 'heartbeat');
  idle.coordinator.shared = false;
  expect(idle.source.state().available).toBe(0);
});

test('a turn is reckoned from the permit that is promised, and by how many replicas wait', async () => {
  const { time, bucket, replicas } = fleet(0);
  const [one, , three] = replicas;
  for (const replica of replicas) void replica.source.take(9, 'interactive');
  await time.pass(0);
  expect(one.source.waitMs(0, 'interactive')).toBeCloseTo(200);
  expect(three.source.waitMs(0, 'interactive')).toBeCloseTo(600);
  expect(three.source.waitMs(2, 'interactive')).toBeCloseTo(600 + 2 * 600);
  await time.pass(600);
  expect(three.source.waitMs(0, 'interactive')).toBeCloseTo(600);
  // That the others have gone is believed little by little.
  void three.source.take(1, 'interactive');
  await time.pass(0);
  expect(three.source.waitMs(0, 'interactive')).toBeCloseTo(200);
  expect(three.source.waitMs(1, 'interactive')).toBeCloseTo(200 + 500);
  bucket.away = true;
  await three.coordinator.ask(undefined, 'heartbeat');
  expect(three.source.waitMs(1, 'interactive')).toBeCloseTo(200 + 600);
});

test('a turn stays where it is, whatever a heartbeat has been told when its permit is due', async () => {
  const { time, replicas } = fleet(0);
  const [one, two, three] = replicas;
  for (const replica of replicas) void replica.source.take(9, 'interactive');
  await time.pass(0);
  const before = three.source.waitMs(2, 'interactive');
  await time.pass(200);
  void one.source.take(9, 'interactive');
  await time.pass(200);
  void two.source.take(9, 'interactive');
  await time.pass(50);
  await three.coordinator.ask(undefined, 'heartbeat');
  expect(three.source.waitMs(2, 'interactive')).toBeCloseTo(before - 450);
  await time.pass(150);
  expect(three.source.waitMs(1, 'interactive')).toBeCloseTo(before - 600);
});

test('while permits are left none is waited for', async () => {
  const { replicas } = fleet(3);
  const [one] = replicas;
  await one.coordinator.ask(undefined, 'heartbeat');
  expect([0, 2, 3].map((ahead) => one.source.waitMs(ahead, 'interactive'))).toEqual([0, 0, 200]);
});

test('permits that are not used, and throttles, go to the bucket of all; while it is away they are this replica’s own', async () => {
  const { time, bucket, replicas } = fleet(TPS);
  const [one] = replicas;
  await one.coordinator.ask(undefined, 'heartbeat');
  one.source.giveBack(2);
  one.source.throttled();
  expect(one.asked).toEqual(['heartbeat 0', 'give 2', 'throttle 0']);
  bucket.away = true;
  one.source.throttled();
  await time.pass(0);
  expect(one.coordinator.shared).toBe(false);
  expect(one.source.state()).toMatchObject({ available: 0 });
  expect(one.source.state().rate).toBeCloseTo((0.85 * TPS) / REPLICAS);
  await time.pass(1000);
  one.source.throttled();
  expect(one.source.state().rate).toBeCloseTo((0.85 * 0.9 * TPS) / REPLICAS);
  one.source.giveBack(1);
  expect(one.source.take(1, 'interactive')).toBe(1);
  expect(one.asked).toHaveLength(4);
});

test('an answer that was missed brings nothing while Redis is still there, so that nothing is spent twice', async () => {
  const { replicas } = fleet(TPS);
  const [one] = replicas;
  const { coordinator } = one;
  await coordinator.ask(undefined, 'heartbeat');
  coordinator.ask = () => Promise.resolve(undefined);
  await expect(one.source.take(1, 'interactive')).resolves.toBe(0);
  coordinator.shared = false;
  expect(one.source.take(1, 'interactive')).toBe(1);
});
