import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const installed = (path: string): string => join(root, 'node_modules', path);

/** A program that makes a client of the contract, and how its users call that client. */
export interface Generator {
  readonly name: string;
  /** The program and its arguments. It is run where the client goes; the contract is there, in both editions. */
  readonly command: readonly [string, ...string[]];
  /** What it reads besides. */
  readonly files?: Readonly<Record<string, string>>;
  /** Changes what the generator leaves for its users to fill in. */
  readonly complete?: (directory: string) => void;
  /** The options of the compiler besides `--strict`. */
  readonly flags?: readonly string[];
  /** The client as `Client` of the scenario, in TypeScript: each function gives the answer, or throws its problem. */
  readonly adapter: string;
}

const node = (path: string, ...args: string[]) => [process.execPath, installed(path), ...args] as const;

/**
 * What every generated client must do. It pages through a collection, reads the routes for one thing, the codes of errors and
 * streams, and prints what it has seen.
 */
export const scenario = `
import * as adapter from './adapter.ts';

interface Client {
  connect(url: string): void;
  listCollections(): Promise<{ collections: { collectionId: string }[]; nextToken?: string | undefined }>;
  getCollection(collectionId: string): Promise<{ collectionId: string; userCount: number }>;
  listUsers(collectionId: string, maxResults: number, nextToken?: string): Promise<{
    users: { userId: string; userStatus: string }[];
    nextToken?: string | undefined;
  }>;
  getUser(collectionId: string, userId: string): Promise<{ userId: string; userStatus: string }>;
  /** The lines of a stream. */
  streamUsers(collectionId: string): Promise<string>;
}

const client: Client = adapter;
client.connect(process.argv[2]!);

const ids = new Set<string>();
let pages = 0;
let nextToken: string | undefined;
do {
  const page = await client.listUsers('example-campus', 500, nextToken);
  for (const { userId } of page.users) ids.add(userId);
  pages += 1;
  nextToken = page.nextToken;
} while (nextToken !== undefined && pages < 100);

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(() => 'no error', (reason: { code?: unknown }) => reason.code ?? reason);
const linesOf = (text: string) => text.trimEnd().split('\\n').map((line) => JSON.parse(line));

console.log(JSON.stringify({
  pages,
  users: ids.size,
  collections: (await client.listCollections()).collections.map(({ collectionId }) => collectionId),
  userCount: (await client.getCollection('example-campus')).userCount,
  user: (await client.getUser('example-team', 'jane.doe')).userStatus,
  streamed: linesOf(await client.streamUsers('example-team')).length,
  codes: await Promise.all([
    client.listUsers('a!b', 500),
    client.listUsers('nope', 500),
    client.getCollection('nope'),
    client.getUser('example-team', 'nobody'),
  ].map(codeOf)),
  // An error, or a last line that has a code.
  incomplete: await client.streamUsers('throws-InternalServerError-on-page-2').then(
    (text) => 'code' in linesOf(text).at(-1),
    () => true,
  ),
}));
`;

const plainStream = `
/** The stream is not for the client that is generated: it reads the lines as one JSON document. */
export const streamUsers = async (collectionId: string) =>
  (await fetch(base + '/collections/' + encodeURIComponent(collectionId) + '/users.ndjson')).text();
`;

/** Reads through a client of one function for each operation. */
const functionCalls = `
export const listCollections = () => dataOf(generated.listCollections());
export const getCollection = (collectionId: string) => dataOf(generated.getCollection(collectionId));
export const listUsers = (collectionId: string, maxResults: number, nextToken?: string) =>
  dataOf(generated.listUsers(collectionId, { maxResults, ...(nextToken && { nextToken }) }));
export const getUser = (collectionId: string, userId: string) =>
  dataOf(generated.getUser(collectionId, userId));
`;

export const generators: readonly Generator[] = [
  {
    name: '@hey-api/openapi-ts',
    command: node(
      '@hey-api/openapi-ts/bin/run.js',
      '-i',
      'openapi.yaml',
      '-o',
      'client',
      '-c',
      '@hey-api/client-fetch',
    ),
    adapter: `
      import { client } from './client/client.gen';
      import * as sdk from './client/sdk.gen';
      export const connect = (baseUrl: string) => client.setConfig({ baseUrl, throwOnError: true });
      const dataOf = async <T>(call: Promise<{ data: T; error?: unknown }>) => {
        const { data } = await call;
        return data as NonNullable<T>;
      };
      export const listCollections = () => dataOf(sdk.listCollections());
      export const getCollection = (collectionId: string) => dataOf(sdk.getCollection({ path: { collectionId } }));
      export const listUsers = (collectionId: string, maxResults: number, nextToken?: string) =>
        dataOf(sdk.listUsers({ path: { collectionId }, query: { maxResults, ...(nextToken && { nextToken }) } }));
      export const getUser = (collectionId: string, userId: string) =>
        dataOf(sdk.getUser({ path: { collectionId, userId } }));
      export async function streamUsers(collectionId: string) {
        const { data } = await sdk.streamUsers({ path: { collectionId }, parseAs: 'stream' });
        return new Response(data as unknown as ReadableStream).text();
      }`,
  },
  {
    name: 'orval',
    command: node(
      'orval/dist/bin/orval.js',
      '--input',
      'openapi.yaml',
      '--client',
      'fetch',
      '--output',
      'client/index.ts',
    ),
    adapter: `
      import * as generated from './client';
      /** The client asks the host of its page. */
      export function connect(url: string) {
        const { fetch } = globalThis;
        globalThis.fetch = (path, init) => fetch(url + path, init);
      }
      const dataOf = async <A extends { status: number; data: unknown }>(call: Promise<A>) => {
        const answer = await call;
        if (answer.status !== 200) throw answer.data;
        return answer.data as Extract<A, { status: 200 }>['data'];
      };
      ${functionCalls}
      export async function streamUsers(collectionId: string) {
        const { stream } = (await generated.streamUsers(collectionId)) as unknown as { stream: Response };
        return stream.text();
      }`,
  },
  {
    name: 'oazapfts',
    command: node('oazapfts/dist/cli.js', 'openapi-3.0.json', 'client.ts'),
    adapter: `
      import { HttpError, ok, type ApiResponse, type WithHeaders } from '@oazapfts/runtime';
      import * as generated from './client';
      let base = '';
      export const connect = (url: string) => {
        base = url;
        generated.defaults.baseUrl = url;
      };
      const dataOf = <T extends WithHeaders<ApiResponse>>(call: Promise<T>) =>
        ok(call).catch((error: unknown) => {
          throw error instanceof HttpError ? error.data : error;
        });
      ${functionCalls}
      ${plainStream}`,
  },
  {
    name: 'openapi-typescript-codegen',
    command: node(
      'openapi-typescript-codegen/bin/index.js',
      '--input',
      'openapi-3.0.json',
      '--output',
      'client',
    ),
    adapter: `
      import { ApiError, CollectionsService, OpenAPI, UsersService } from './client/index';
      export const connect = (url: string) => {
        OpenAPI.BASE = url;
      };
      const failed = (error: unknown): never => {
        throw error instanceof ApiError ? error.body : error;
      };
      export const listCollections = () => CollectionsService.listCollections().catch(failed);
      export const getCollection = (collectionId: string) =>
        CollectionsService.getCollection(collectionId).catch(failed);
      export const listUsers = (collectionId: string, maxResults: number, nextToken?: string) =>
        UsersService.listUsers(collectionId, maxResults, nextToken).catch(failed);
      export const getUser = (collectionId: string, userId: string) =>
        UsersService.getUser(collectionId, userId).catch(failed);
      /** Where the transfer breaks off it logs that, and gives nothing. */
      export async function streamUsers(collectionId: string) {
        const text = (await UsersService.streamUsers(collectionId)) as unknown as string | undefined;
        if (text === undefined) throw new Error('the stream broke off');
        return text;
      }`,
  },
  {
    name: 'ng-openapi-gen',
    command: node('ng-openapi-gen/lib/index.js', '-i', 'openapi.yaml', '-o', 'client'),
    flags: ['--experimentalDecorators'],
    adapter: `
      import '@angular/compiler';
      import { FetchBackend, HttpClient, HttpErrorResponse } from '@angular/common/http';
      import { createEnvironmentInjector, type EnvironmentInjector, Injector, provideZonelessChangeDetection } from '@angular/core';
      import { firstValueFrom, type Observable } from 'rxjs';
      import * as generated from './client/functions';
      import type { StrictHttpResponse } from './client/strict-http-response';
      const injector = createEnvironmentInjector(
        [FetchBackend, provideZonelessChangeDetection()],
        Injector.NULL as EnvironmentInjector,
      );
      const http = new HttpClient(injector.get(FetchBackend));
      let base = '';
      export const connect = (url: string) => {
        base = url;
      };
      async function bodyOf<T>(answer: Observable<StrictHttpResponse<T>>): Promise<T> {
        try {
          return (await firstValueFrom(answer)).body;
        } catch (error) {
          throw error instanceof HttpErrorResponse ? error.error : error;
        }
      }
      export const listCollections = () => bodyOf(generated.listCollections(http, base));
      export const getCollection = (collectionId: string) =>
        bodyOf(generated.getCollection(http, base, { collectionId }));
      export const listUsers = (collectionId: string, maxResults: number, nextToken?: string) =>
        bodyOf(generated.listUsers(http, base, { collectionId, maxResults, nextToken }));
      export const getUser = (collectionId: string, userId: string) =>
        bodyOf(generated.getUser(http, base, { collectionId, userId }));
      export const streamUsers = async (collectionId: string) =>
        ((await bodyOf(generated.streamUsers(http, base, { collectionId }))) as unknown as Blob).text();`,
  },
  {
    name: '@openapi-codegen',
    // It waits for ever where it is given 3.1.
    command: node('@openapi-codegen/cli/lib/cli.js', 'gen', 'rollcall'),
    files: {
      'openapi-codegen.config.ts': `
        import { generateFetchers, generateSchemaTypes } from '@openapi-codegen/typescript';
        export default {
          rollcall: {
            from: { source: 'file', relativePath: './openapi-3.0.json' },
            outputDir: 'client',
            async to(context) {
              const filenamePrefix = 'rollcall';
              const { schemasFiles } = await generateSchemaTypes(context, { filenamePrefix });
              await generateFetchers(context, { filenamePrefix, schemasFiles });
            },
          },
        };`,
    },
    complete(directory) {
      const file = join(directory, 'client/rollcallFetcher.ts');
      writeFileSync(
        file,
        readFileSync(file, 'utf8').replace(/const baseUrl = .*;/, 'const baseUrl = process.argv[2];'),
      );
    },
    adapter: `
      import * as generated from './client/rollcallComponents';
      Object.assign(globalThis, { window: globalThis });
      let base = '';
      export const connect = (url: string) => {
        base = url;
      };
      export const listCollections = () => generated.listCollections({});
      export const getCollection = (collectionId: string) => generated.getCollection({ pathParams: { collectionId } });
      export const listUsers = (collectionId: string, maxResults: number, nextToken?: string) =>
        generated.listUsers({
          pathParams: { collectionId },
          queryParams: { maxResults, ...(nextToken && { nextToken }) },
        });
      export const getUser = (collectionId: string, userId: string) =>
        generated.getUser({ pathParams: { collectionId, userId } });
      ${plainStream}`,
  },
  {
    name: 'openapi-generator',
    // Newer versions read 3.1, but download themselves at run time; of those in the npm package this is the last.
    command: [
      'java',
      '-jar',
      installed('@openapitools/openapi-generator-cli/bin/openapi-generator.jar'),
      ...['generate', '-g', 'typescript-fetch', '-i', 'openapi-3.0.json', '-o', 'client'],
      '--additional-properties=supportsES6=true,typescriptThreePlus=true',
    ],
    adapter: `
      import { CollectionsApi, Configuration, UsersApi } from './client/index';
      let users: UsersApi;
      let collections: CollectionsApi;
      export const connect = (basePath: string) => {
        const configuration = new Configuration({ basePath, fetchApi: fetch });
        users = new UsersApi(configuration);
        collections = new CollectionsApi(configuration);
      };
      const failed = async (answer: unknown): Promise<never> => {
        throw answer instanceof Response ? await answer.json() : answer;
      };
      export const listCollections = () => collections.listCollections({}).catch(failed);
      export const getCollection = (collectionId: string) => collections.getCollection({ collectionId }).catch(failed);
      export const listUsers = (collectionId: string, maxResults: number, nextToken?: string) =>
        users.listUsers({ collectionId, maxResults, nextToken }).catch(failed);
      export const getUser = (collectionId: string, userId: string) =>
        users.getUser({ collectionId, userId }).catch(failed);
      export const streamUsers = async (collectionId: string) =>
        (await users.streamUsersRaw({ collectionId })).raw.text();`,
  },
];
