import { CLIMB_PER_S, DECREASE, DECREASE_EVERY_MS } from '../quota/adaptive-rate.ts';
import { RESERVE } from '../quota/token-bucket.ts';

/** A replica that has not been heard of for so long does not use the shared permits, in milliseconds. */
const SEEN_MS = 1000;
/** After an outage replicas wait so long for each other, in milliseconds: each looks for Redis more often. */
const JOIN_MS = 1500;
/** A replica with the lowest quota counts for so long, in milliseconds: longer than replicas wait for each other. */
export const LOWEST_MS = 2 * JOIN_MS;
/** The bucket is forgotten when nobody asked for so long, in milliseconds. It fills up far sooner. */
const FORGET_MS = 3_600_000;

/**
 * The bucket of all replicas, with the same arithmetic as `token-bucket.ts` and Redis's own clock.
 *
 * - `take n`: as many of n permits as are there; if there is none, the next one, to be used after the wait that is
 *   answered. So every question brings a permit, and replicas that wait have theirs in the order they asked.
 * - `spare n`: for exports, as many of n as are there beside what they leave for pages. None is promised, for pages that
 *   come meanwhile go before.
 * - `give n`: n permits were not used.
 * - `throttle`: Rekognition throttled somebody.
 * - `heartbeat`: a replica that uses the shared permits is there.
 * - `rejoin`: one wants to use them again. Where others do, it may at once. After an outage, when each spent its own
 *   part, all begin at one time: otherwise the first would spend everything beside the parts. They begin with less than
 *   nothing, since each may have used a permit of its own just before.
 *
 * A question that comes too late, from a socket's buffer after a pause of Redis, changes nothing.
 *
 * Where the quota settings of replicas differ, the lowest hold for as long as a replica that has them is there.
 * Answers: granted (-1: too late), wait in ms, permits left, permits a second, Redis's time in ms, quota, capacity.
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
-- A bucket that is not known may have been spent a moment ago: one permit, so that nobody waits for nothing.
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
