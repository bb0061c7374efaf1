import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Contract } from './contract.ts';
import { renderPage } from './render-page.ts';

interface PageFiles {
  readonly contract: Contract;
  /** Where the page's style sheet, script and icon are. */
  readonly assets: string;
  /** Where the page goes, with all that it needs. */
  readonly directory: string;
}

/** Writes the page and its files, as the service serves them. */
export function writePage({ contract, assets, directory }: PageFiles): void {
  cpSync(assets, directory, { recursive: true });
  writeFileSync(join(directory, 'index.html'), renderPage(contract));
}
