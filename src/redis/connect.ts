import { Redis } from 'ioredis';

import { permitScript } from './permit-script.ts';

/** Longest pause between two attempts to connect, so that Redis is back in use soon after it is back. */
const RECONNECT_MS = 500;
/** A connection on which nothing came for so long is dead; a heartbeat is asked for far more often. */
const SILENCE_MS = 2000;

/** What the scripts of this service look like on a connection. */
export interface SharedRedis extends Redis {
  rollcallPermits(key: string, ...args: (string | number)[]): Promise<unknown>;
}

/**
 * A connection that fails at once rather than waits: nothing is queued while there is none, nothing is sent
 * twice, and it comes back by itself. `onError` gets the reason why there is none, or what Redis refuses.
 */
export function connectRedis(url: string, onError: (error: Error) => void): SharedRedis {
  const redis = new Redis(url, {
    // Proxies and older servers speak only this one.
    protocol: 2,
    connectTimeout: 1000,
    socketTimeout: SILENCE_MS,
    // Nobody waits for what Redis still sends when the connection is given up.
    disconnectTimeout: 0,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(RECONNECT_MS, times * 50),
    reconnectOnError(error) {
      onError(error);
      // After a failover the old primary answers this until the name points elsewhere.
      return error.message.startsWith('READONLY');
    },
    scripts: { rollcallPermits: { lua: permitScript, numberOfKeys: 1 } },
  });
  redis.on('error', (error) => {
    // What ioredis could not send on the connection that is given up says nothing of why.
    if (!error.message.startsWith('Stream isn')) onError(error);
    // ioredis would go on with database 0.
    if (isOfSelect(error)) redis.disconnect(true);
  });
  return redis as SharedRedis;
}

/** ioredis puts the command beside the error that Redis answered. */
function isOfSelect(error: Error & { command?: { name: string } }): boolean {
  return error.command?.name === 'select';
}
