import { CLIMB_PER_S, DECREASE, DECREASE_EVERY_MS } from '../quota/adaptive-rate.ts';
import { RESERVE } from '../quota/token-bucket.ts';

/** If no replica has used the bucket for this long, in milliseconds, none is sharing it. */
const SEEN_MS = 1000;
/** How long replicas wait for each other after an outage, in milliseconds: each looks for Redis more often. */
const JOIN_MS = 1500;
/** How long the lowest quota of a replica counts, in milliseconds: longer than replicas wait for each other. */
export const LOWEST_MS = 2 * JOIN_MS;
/** The bucket is deleted if it was not used for this long, in milliseconds. It fills up far sooner. */
const FORGET_MS = 3_600_000;

/**
 * The bucket of all replicas, with the same arithmetic as `token-bucket.ts` and Redis's own clock.
 *
 * - `take n`: up to n permits. If there is none, the next one, which may be used after the returned wait. So every
 *   `take` brings a permit, and waiting replicas get theirs in the order in which they asked.
 * - `spare n`: up to n permits for background work, which leaves a reserve for pages. It is promised no later permit,
 *   since pages that arrive meanwhile go first.
 * - `give n`: n permits were not used.
 * - `throttle`: Rekognition throttled a call.
 * - `heartbeat`: a replica that shares is alive.
 * - `rejoin`: a replica wants to share again. If others share, it may at once. After an outage, in which each replica
 *   used its own part, all begin at the same time: otherwise the first would use the whole bucket while the others still
 *   use their parts. The bucket begins below zero, since each may just have used a permit of its own part.
 *
 * A request that comes too late, from a socket's buffer after a pause of Redis, changes nothing.
 *
 * If replicas have different quotas, the lowest holds while a replica with it runs.
 * Returns: granted (-1: too late), wait in ms, permits left, permits a second, Redis's time in ms, quota, capacity.
 */
export const permitScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local op, count, expires = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if expires > 0 and now > expires then return {-1, 0, '0', '0', tostring(now), ARGV[4], ARGV[5]} end

local state = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'base', 'since', 'seen', 'joinAt',
  'tps', 'tpsAt', 'capacity', 'capacityAt')
local function lowest(own, known, knownAt)
  if known and known < own and math.abs(now - knownAt) <= ${LOWEST_MS} then return known, knownAt end
  return own, now
end
local tps, tpsAt = lowest(tonumber(ARGV[4]), tonumber(state[7]), tonumber(state[8]) or 0)
local capacity, capacityAt = lowest(tonumber(ARGV[5]), tonumber(state[9]), tonumber(state[10]) or 0)
-- A bucket that Redis does not have may just have been used up: it begins with one permit.
local tokens = tonumber(state[1]) or 1
local at = tonumber(state[2]) or now
local base = math.min(tps, tonumber(state[3]) or tps)
local since = tonumber(state[4]) or 0
local seen = tonumber(state[5]) or 0
local joinAt = tonumber(state[6]) or 0
-- After a failover the clock may be another machine's.
if at > now + ${JOIN_MS} then at = now end
if joinAt > now + ${JOIN_MS} then joinAt = 0 end
if seen > now then seen = 0 end
if since > now then since = now end

local function rateAt(t)
  return math.min(tps, base + ${CLIMB_PER_S} * tps * math.max(0, t - since) / 1000)
end
local rate = rateAt(now)
if now > at then
  tokens = math.min(capacity, tokens + (now - at) * (rateAt(at) + rate) / 2000)
  at = now
end

local granted, wait = 0, 0
if op == 'take' then
  granted = math.max(1, math.min(count, math.floor(tokens + 0.000001)))
  tokens = tokens - granted
  seen = now
  if tokens < -0.000001 then wait = at - now - tokens / rate * 1000 end
elseif op == 'spare' then
  granted = math.max(0, math.min(count, math.floor(tokens - math.min(${RESERVE}, (capacity - 1) / 2) + 0.000001)))
  tokens = tokens - granted
  seen = now
elseif op == 'give' then
  tokens = math.min(capacity, tokens + count)
elseif op == 'throttle' then
  if now - since >= ${DECREASE_EVERY_MS} then
    base = ${DECREASE} * rate
    since = now
    rate = base
  end
  tokens = math.min(tokens, 0)
elseif op == 'heartbeat' then
  seen = now
elseif op == 'rejoin' and joinAt > now then
  wait = joinAt - now
elseif op == 'rejoin' and now - seen > ${SEEN_MS} then
  joinAt = now + ${JOIN_MS}
  wait = ${JOIN_MS}
  tokens = -1
  at = joinAt
end

redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', at, 'base', tostring(base), 'since', since,
  'seen', seen, 'joinAt', joinAt, 'tps', tostring(tps), 'tpsAt', tpsAt, 'capacity', tostring(capacity),
  'capacityAt', capacityAt)
redis.call('PEXPIRE', KEYS[1], ${FORGET_MS})
return {granted, math.ceil(wait), tostring(tokens), tostring(rate), tostring(now), tostring(tps), tostring(capacity)}
`;
