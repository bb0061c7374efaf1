import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { startEmbeddedRekognition } from '../../src/embedded/start.ts';
import { builtService, listening, settingsOver } from '../support/built-service.ts';
import { started } from '../support/started.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const built = builtService();
const endpoint = started(() => startEmbeddedRekognition({ tps: 0 }));

interface Field {
  readonly key: string;
  readonly value: string;
  readonly disabled?: boolean;
}

interface Item {
  readonly name: string;
  readonly item?: readonly Item[];
  readonly request: {
    readonly method: string;
    readonly header: readonly Field[];
    readonly url: {
      readonly path: readonly string[];
      readonly query: readonly Field[];
      readonly variable: readonly Field[];
    };
  };
}

/** What Postman imports of a contract, with the settings that docs/trying.md names. */
function imported(contract: string): Item {
  const home = mkdtempSync(join(tmpdir(), 'postman-'));
  const output = join(home, 'collection.json');
  const options = 'parametersResolution=Example,enableOptionalParameters=false';
  const converter = join(root, 'node_modules/openapi-to-postmanv2/bin/openapi2postmanv2.js');
  execFileSync(process.execPath, [converter, '-s', contract, '-o', output, '-O', options]);
  const collection = JSON.parse(readFileSync(output, 'utf8')) as Item;
  rmSync(home, { recursive: true });
  return collection;
}

const requestsOf = ({ item, ...request }: Item): Item[] => item?.flatMap(requestsOf) ?? [request];
const enabled = (fields: readonly Field[]) =>
  fields.filter(({ disabled }) => !disabled).map(({ key, value }): [string, string] => [key, value]);

/** The target that Postman asks for. */
function targetOf({ path, query, variable }: Item['request']['url']): string {
  const values = new Map(enabled(variable));
  const names = path.map((name) => (name.startsWith(':') ? (values.get(name.slice(1)) ?? '') : name));
  const search = new URLSearchParams(enabled(query)).toString();
  return `/${names.join('/')}${search && `?${search}`}`;
}

test('Every request of the collection that Postman imports is answered with 200, of either edition', async () => {
  const url = await listening(built().start(settingsOver(endpoint())));
  const { paths } = JSON.parse(readFileSync(join(built().dist, 'docs/openapi.json'), 'utf8')) as {
    paths: object;
  };
  for (const contract of [join(root, 'openapi.yaml'), join(built().dist, 'docs/openapi-3.0.json')]) {
    const requests = requestsOf(imported(contract)).map(({ request }) => request);
    const answers = await Promise.all(
      requests.map(async ({ method, header, url: asked }) => {
        const target = targetOf(asked);
        const { status } = await fetch(url + target, { method, headers: enabled(header) });
        return `${status} ${target}`;
      }),
    );
    expect(answers).toHaveLength(Object.keys(paths).length);
    expect(answers.filter((answer) => !answer.startsWith('200 '))).toEqual([]);
    expect(answers).toContain('200 /collections/example-team/users/jane.doe');
  }
}, 60_000);
