// The licences of the packages that a bundle holds, in one file beside it: their terms ask for it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Writes the file: each text once, below the packages that have it. `metafile` is esbuild's, with paths from `root`. */
export function writeLicences({ metafile, root, file }) {
  const packagesOf = new Map();
  for (const directory of packagesIn(metafile)) {
    const { title, text } = licenceOf(path.join(root, directory));
    packagesOf.set(text, (packagesOf.get(text) ?? new Set()).add(title));
  }
  const sections = Array.from(
    packagesOf,
    ([text, titles]) => `${[...titles].sort().join('\n')}\n\n${text}\n`,
  );
  writeFileSync(file, sections.sort().join(`\n${'-'.repeat(80)}\n\n`));
}

/** The directories of the packages of which something is in an output. */
function packagesIn({ outputs }) {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const directories = inputs
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([name]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(name) ?? []);
  return new Set(directories);
}

function licenceOf(directory) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'));
  const texts = readdirSync(directory)
    .filter((entry) => /^(licen[cs]e|copying|notice)([.-]|$)/i.test(entry))
    .sort()
    .map((entry) => readFileSync(path.join(directory, entry), 'utf8').trim());
  if (!license && texts.length === 0) throw new Error(`${name} states no licence`);
  return { title: `${name} ${version} (${license})`, text: texts.join('\n\n') || 'It comes without a text.' };
}
