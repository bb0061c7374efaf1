import { readdirSync } from 'node:fs';

import js from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import jest from 'eslint-plugin-jest';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const direction =
  'Imports run one way: server → service → app → operations → http, auth → rekognition → quota → errors.';
const span = 'tracing/span.ts';
const request = ['operations', 'http', 'auth', 'redis', 'rekognition', 'metrics', span];

/** What each place of src may import beside itself, types included. server.ts may import all. */
const mayImport = {
  'service.ts': ['app.ts', 'config.ts', 'lifecycle.ts', ...request],
  'app.ts': ['config.ts', 'lifecycle.ts', 'errors.ts', ...request],
  operations: ['http', 'rekognition', 'errors.ts'],
  auth: ['http', 'errors.ts', 'config.ts', 'config-values.ts'],
  http: ['rekognition', 'quota', 'metrics', span, 'errors.ts', 'lifecycle.ts'],
  rekognition: ['quota', 'metrics', span, 'errors.ts', 'config.ts'],
  redis: ['quota', 'config.ts'],
  quota: ['errors.ts'],
  metrics: [],
  tracing: [],
  embedded: ['dot-env.ts'],
  'banner.ts': ['config.ts'],
  'config.ts': ['config-values.ts', 'settings.ts'],
  'read-settings.ts': ['config.ts', 'config-values.ts', 'rekognition'],
  'settings.ts': ['config-values.ts'],
  'config-values.ts': [],
  'dot-env.ts': [],
  'lifecycle.ts': ['errors.ts'],
  'logger.ts': [],
  'errors.ts': [],
};

const places = readdirSync(`${import.meta.dirname}/src`).filter((name) => name !== 'server.ts');

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
            // A place that the list lacks may import nothing.
            ...places.map((place) => ({
              target: `./src/${place}`,
              from: './src',
              except: [place, ...(mayImport[place] ?? [])].map((name) => `./${name}`),
              message: direction,
            })),
            {
              target: './src/server.ts',
              from: './src/embedded',
              except: ['./start.ts'],
              message: 'The process knows how the embedded Rekognition is started, and no more.',
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
        {
          patterns: [
            {
              group: ['@opentelemetry/*', '!@opentelemetry/api'],
              message: 'Only src/tracing knows the SDK of OpenTelemetry.',
            },
          ],
        },
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
            'testWithCurl.concurrent.each',
            'testWithKubectl',
            'testWithKubectl.each',
            'testWithVite',
            'testWithPromtool',
            'testWithPromtool.each',
            'testWithNginx',
            'testHere.each',
          ],
        },
      ],
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect*', '**.expect*', 'fc.assert'] }],
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
);
