import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, expect, jest, test } from '@jest/globals';
import { parse, stringify } from 'yaml';

jest.setTimeout(60_000);

const root = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'contract-rules-'));
const { rules } = parse(readFileSync(join(root, 'redocly.yaml'), 'utf8')) as {
  rules: Record<string, object>;
};

afterAll(() => {
  rmSync(home, { recursive: true });
});

interface Finding {
  readonly ruleId: string;
  readonly location: readonly { readonly pointer: string }[];
}

/** Which of the project's own rules a document breaks, and where. */
function broken(document: object): string[] {
  const file = join(home, 'openapi.yaml');
  writeFileSync(file, stringify(document));
  const redocly = join(root, 'node_modules/@redocly/cli/bin/cli.js');
  const args = [redocly, 'lint', file, '--config', join(root, 'redocly.yaml'), '--format=json'];
  const { stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { REDOCLY_TELEMETRY: 'off' },
  });
  const { problems } = JSON.parse(stdout) as { problems: Finding[] };
  return problems
    .filter(({ ruleId }) => ruleId in rules)
    .map(({ ruleId, location }) => `${ruleId.replace('rule/', '')} ${location[0]?.pointer ?? ''}`)
    .sort();
}

const operation = {
  operationId: 'listThings',
  parameters: [
    { name: 'a', in: 'query', schema: { type: 'string', pattern: '^(?!x)' } },
    { name: 'b', in: 'query', schema: { type: 'integer' } },
    { name: 'c', in: 'query', schema: { type: 'integer', format: 'int32' } },
    { name: 'd', in: 'query', schema: { type: 'string', pattern: '^[a-z]+$' } },
  ],
  responses: { 200: { description: 'Things.', headers: { Age: { schema: { type: 'integer' } } } } },
};

test('Each rule of redocly.yaml finds what it is for, in parameters, headers and schemas, and nothing else', () => {
  const found = broken({
    openapi: '3.1.0',
    info: { title: 'Bad', version: '1' },
    servers: [{ url: '' }, { url: '/' }, { url: 'https://rollcall.example.com' }],
    paths: {
      '/things': { get: operation },
      '/shared': { parameters: [], get: { responses: {} } },
      '/head': { head: { responses: {} } },
      '/elsewhere': { servers: [{ url: '/v2' }], get: { responses: {} } },
    },
    components: {
      schemas: {
        Thing: {
          type: 'object',
          properties: {
            size: { type: 'integer' },
            name: { type: 'string', pattern: '(?<=a)b' },
            sizes: { type: 'array', items: { type: 'integer', minimum: 0 } },
          },
        },
      },
    },
  });
  expect(found).toEqual([
    'integers-have-a-format #/components/schemas/Thing/properties/size',
    'integers-have-a-format #/components/schemas/Thing/properties/sizes/items',
    'integers-have-a-format #/paths/~1things/get/parameters/1/schema',
    'integers-have-a-format #/paths/~1things/get/responses/200/headers/Age/schema',
    'parameters-in-operations #/paths/~1elsewhere/servers',
    'parameters-in-operations #/paths/~1head/head',
    'parameters-in-operations #/paths/~1shared/parameters',
    'patterns-without-look-ahead #/components/schemas/Thing/properties/name/pattern',
    'patterns-without-look-ahead #/paths/~1things/get/parameters/0/schema/pattern',
    'server-url-empty #/paths/~1elsewhere/servers/0/url',
    'server-url-empty #/servers/1/url',
    'server-url-empty #/servers/2/url',
  ]);
  expect(new Set(found.map((line) => `rule/${line.split(' ')[0] ?? ''}`))).toEqual(
    new Set(Object.keys(rules)),
  );
});
