import { startEmbeddedRekognition, type EmbeddedRekognition } from './start.ts';
import { welcome } from './welcome.ts';

interface RunOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Where SIGINT and SIGTERM arrive. */
  readonly signals: { on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown };
}

const defaultPort = 4566;

/** Runs the embedded Rekognition until a signal stops it; the exit code: 0, or 1 where it could not start. */
export async function runEmbedded({ env, write, writeError, signals }: RunOptions): Promise<0 | 1> {
  // The signals are heard from the first moment on, so that one that comes early is not lost.
  const stopping = new Promise<void>((resolve) => {
    signals.on('SIGINT', resolve);
    signals.on('SIGTERM', resolve);
  });
  try {
    const port = readPort(env['REKOGNITION_PORT']);
    const rekognition = await start(port, (error) => {
      writeError(`Internal error: ${error instanceof Error ? error.stack : String(error)}\n`);
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

function readPort(text = ''): number {
  if (text === '') return defaultPort;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new Error(`REKOGNITION_PORT must be a port, 0 to 65535, and is ${JSON.stringify(text)}.`);
}

async function start(port: number, onBug: (error: unknown) => void): Promise<EmbeddedRekognition> {
  try {
    return await startEmbeddedRekognition({ port, onBug });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'it is in use' : message;
    throw new Error(`Cannot listen on port ${port}: ${reason}. REKOGNITION_PORT takes another one.`, {
      cause: error,
    });
  }
}
