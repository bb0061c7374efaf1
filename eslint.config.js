import js from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import jest from 'eslint-plugin-jest';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Imports run one way: server → service → app → operations → http, auth → rekognition → errors. */
const above = (target, ...from) => ({
  target: `./src/${target}`,
  from: from.map((name) => `./src/${name}`),
  message: 'Imports run one way: server → service → app → operations → http, auth → rekognition → errors.',
});

const top = ['server.ts', 'service.ts', 'app.ts'];
const web = [...top, 'operations', 'auth', 'http'];

export default defineConfig(
  { ignores: ['**/dist', 'coverage', 'node_modules', 'clients/typescript/src/schema.ts', 'examples/web'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js'] })] },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': [
        'error',
        {
          zones: [
            above('service.ts', 'server.ts'),
            above('app.ts', 'server.ts', 'service.ts'),
            above('operations', ...top, 'auth'),
            above('auth', ...top, 'operations'),
            above('http', ...top, 'operations', 'auth'),
            above('rekognition', ...web, 'redis'),
            above('metrics', ...web),
            above('tracing', ...web, 'rekognition'),
            above('redis', ...web),
            above('errors.ts', ...web, 'rekognition'),
            {
              target: './src/embedded',
              from: './src',
              except: ['./embedded'],
              message: 'The embedded Rekognition stands alone.',
            },
            {
              target: './src/!(embedded)/**/*',
              from: './src/embedded',
              message: 'Only server.ts starts the embedded Rekognition.',
            },
            {
              target: './src/*.ts',
              from: './src/embedded',
              except: ['./start.ts'],
              message: 'The service knows how the embedded Rekognition is started, and no more.',
            },
            {
              target: [
                'service.ts',
                'app.ts',
                ...web.slice(top.length),
                'rekognition',
                'metrics',
                'redis',
              ].map((name) => `./src/${name}`),
              from: './src/tracing',
              except: ['./span.ts'],
              message:
                'OpenTelemetry is loaded by server.ts alone, where it is on; everybody else knows span.ts.',
            },
          ],
        },
      ],
      'max-lines': ['error', { max: 180, skipBlankLines: true, skipComments: true }],
      complexity: ['error', 12],
      'no-console': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    // The page's script; that its names exist is for the compiler to say, which knows a browser's.
    files: ['docs-page/assets/*.js'],
    rules: { 'no-undef': 'off' },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/server.ts', 'src/embedded/main.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only the process entry reads the environment.' },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/tracing/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@opentelemetry/*'], message: 'Only src/tracing knows OpenTelemetry.' }] },
      ],
    },
  },
  {
    // For browsers as well as Node; the types know the globals of both.
    files: ['examples/*.mjs'],
    rules: { 'no-undef': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    ...jest.configs['flat/recommended'],
    rules: {
      ...jest.configs['flat/recommended'].rules,
      'max-lines': 'off',
      'jest/no-standalone-expect': [
        'error',
        {
          additionalTestBlockFunctions: [
            'testWithRedis',
            'testWithRedis.each',
            'testWithCurl.each',
            'testWithPromtool',
            'testWithPromtool.each',
            'testWithNginx',
          ],
        },
      ],
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect*', '**.expect*', 'fc.assert'] }],
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
);
