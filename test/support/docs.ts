import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { afterAll } from '@jest/globals';
import { parse } from 'yaml';

import type { Contract } from '../../docs-page/contract.ts';
import { writePage } from '../../docs-page/write-page.ts';
import { writeContract } from '../../write-contract.js';

const root = new URL('../../', import.meta.url);

/** The docs page and the files of the contract, in a directory of its own until the tests of the file are over. */
export function builtDocs(): URL {
  const directory = mkdtempSync(join(tmpdir(), 'docs-page-'));
  const yaml = readFileSync(new URL('openapi.yaml', root), 'utf8');
  const contract = parse(yaml) as Contract;
  writePage({ contract, assets: fileURLToPath(new URL('docs-page/assets', root)), directory });
  writeContract({ yaml, contract, directory });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });
  return pathToFileURL(`${directory}/`);
}
