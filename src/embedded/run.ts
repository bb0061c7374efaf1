import { inspect } from 'node:util';
import {
  startEmbeddedRekognition,
  type EmbeddedRekognition,
  type EmbeddedRekognitionOptions,
} from './start.ts';
import { welcome } from './welcome.ts';

interface RunOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly clock: { now(): number };
  /** Where SIGINT and SIGTERM arrive. */
  readonly signals: { on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown };
}

const defaultHost = '127.0.0.1';
const defaultPort = 4566;

/** Runs the embedded Rekognition until a signal stops it; the exit code: 0, or 1 where it could not start. */
export async function runEmbedded({ env, write, writeError, clock, signals }: RunOptions): Promise<0 | 1> {
  // It listens for signals from the first moment, so that an early one is not lost.
  const stopping = new Promise<void>((resolve) => {
    signals.on('SIGINT', resolve);
    signals.on('SIGTERM', resolve);
  });
  try {
    const rekognition = await start({
      host: readHost(env['REKOGNITION_HOST']),
      port: readPort(env['REKOGNITION_PORT']),
      clock,
      onBug: (error) => {
        writeError(`Internal error: ${inspect(error)}\n`);
      },
    });
    write(welcome(rekognition));
    await stopping;
    await rekognition.stop();
    return 0;
  } catch (error) {
    writeError(`${(error as Error).message}\n`);
    return 1;
  }
}

/** Where to listen; only this machine reaches it unless said otherwise, for its keys are known to everybody. */
function readHost(text = ''): string {
  return text.trim() || defaultHost;
}

/** The port in `REKOGNITION_PORT`, 4566 where that is empty; throws with a message for its user. */
export function readPort(text = ''): number {
  const trimmed = text.trim();
  if (trimmed === '') return defaultPort;
  const port = Number(trimmed);
  if (/^\d{1,5}$/.test(trimmed) && port <= 65_535) return port;
  throw new Error(`REKOGNITION_PORT must be a port, 0 to 65535, and is ${JSON.stringify(text)}.`);
}

async function start(options: EmbeddedRekognitionOptions): Promise<EmbeddedRekognition> {
  try {
    return await startEmbeddedRekognition(options);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`Cannot start: ${message}. REKOGNITION_HOST and REKOGNITION_PORT take another address.`, {
      cause: error,
    });
  }
}
