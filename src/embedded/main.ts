import { runEmbedded } from './run.ts';

process.exitCode = await runEmbedded({
  env: process.env,
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  clock: Date,
  signals: process,
});
