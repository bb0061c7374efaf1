import { loadDotEnv } from '../dot-env.ts';
import { runEmbedded } from './run.ts';

try {
  loadDotEnv(process.env);
  // It goes on without its output: the reader of a pipe may have left, a disk may be full.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  process.exitCode = await runEmbedded({
    env: process.env,
    write: (text) => process.stdout.write(text),
    writeError: (text) => process.stderr.write(text),
    clock: Date,
    signals: process,
  });
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
