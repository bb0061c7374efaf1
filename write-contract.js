// @ts-check
import { Converter } from '@apiture/openapi-down-convert';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Writes the contract as it is, as JSON, and as JSON in OpenAPI 3.0, which several generators read alone.
 *
 * @param {{ yaml: string, contract: object, directory: string }} files
 */
export function writeContract({ yaml, contract, directory }) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'openapi.yaml'), yaml);
  writeFileSync(path.join(directory, 'openapi.json'), JSON.stringify(contract));
  writeFileSync(path.join(directory, 'openapi-3.0.json'), JSON.stringify(inOpenApi30(contract)));
}

/** @param {object} contract */
function inOpenApi30(contract) {
  const converted = /** @type {{ info: object }} */ (new Converter(contract).convert());
  // The converter leaves it there, and 3.0 does not know it.
  const info = { ...converted.info, summary: undefined };
  return { ...converted, info };
}
