import { Redis } from 'ioredis';

import { permitScript } from './permit-script.ts';

/** The longest pause between two attempts to connect, so that Redis is used again soon after it is back. */
const RECONNECT_MS = 500;
/** A connection without a reply for this long is dead: heartbeats are far more frequent. */
const SILENCE_MS = 2000;

/** A connection with the command of this service's script. */
export interface SharedRedis extends Redis {
  rollcallPermits(key: string, ...args: (string | number)[]): Promise<unknown>;
}

/**
 * A connection that fails at once rather than waits: without a connection nothing is queued, nothing is sent twice, and
 * it reconnects by itself. `onError` gets the reason why there is no connection, or why Redis refused a command.
 */
export function connectRedis(url: string, onError: (error: Error) => void): SharedRedis {
  const redis = new Redis(url, {
    // The only version of Redis's protocol that proxies and older servers speak.
    protocol: 2,
    connectTimeout: 1000,
    socketTimeout: SILENCE_MS,
    // No one waits for replies when the connection is closed.
    disconnectTimeout: 0,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(RECONNECT_MS, times * 50),
    reconnectOnError(error) {
      onError(error);
      // After a failover the old primary replies so until the name points to the new one.
      return error.message.startsWith('READONLY');
    },
    scripts: { rollcallPermits: { lua: permitScript, numberOfKeys: 1 } },
  });
  redis.on('error', (error) => {
    // ioredis could not write a command: this error does not say why the connection broke.
    if (!error.message.startsWith('Stream isn')) onError(error);
    // Otherwise ioredis would continue with database 0.
    if (isOfSelect(error)) redis.disconnect(true);
  });
  return redis as SharedRedis;
}

/** ioredis adds the command to an error that Redis replied. */
function isOfSelect(error: Error & { command?: { name: string } }): boolean {
  return error.command?.name === 'select';
}
