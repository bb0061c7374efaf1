import { loadDotEnv } from '../dot-env.ts';
import { runEmbedded } from './run.ts';

try {
  loadDotEnv(process.env);
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
