import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/**
 * Adds the variables of `.env`, if it exists, to those that are set already. Not `process.loadEnvFile`, which loses the
 * first variable behind a byte order mark, and every one of a file in UTF-16: Windows editors and shells write these.
 */
export function loadDotEnv(env: NodeJS.ProcessEnv, path = '.env'): void {
  const bytes = readIfThere(path);
  if (!isUtf8(bytes)) throw new Error(`cannot read ${path}: save it as UTF-8`);
  const variables = parseEnv(bytes.toString().replace(/^\ufeff/, ''));
  for (const [name, value] of Object.entries(variables)) env[name] ??= value;
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return Buffer.of();
    throw new Error(`cannot read ${path}: ${code}`, { cause: error });
  }
}
