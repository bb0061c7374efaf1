import { existsSync } from 'node:fs';

import { runEmbedded } from './run.ts';

// As the service does; what the environment sets already stays.
if (existsSync('.env')) process.loadEnvFile();
process.exitCode = await runEmbedded({
  env: process.env,
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  clock: Date,
  signals: process,
});
