/** @type {import('jest').Config} */
export default {
  // `src` and `docs-page` are roots, so that a file no test imports still counts against coverage.
  roots: ['<rootDir>/src', '<rootDir>/docs-page', '<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022' } }] },
  testEnvironment: 'node',
  injectGlobals: false,
  testTimeout: 20_000,
  // The process entry runs in processes of its own in the tests, where its coverage is not seen.
  collectCoverageFrom: ['{src,docs-page}/**/*.ts', '!src/server.ts'],
  coverageThreshold: { global: { branches: 95, functions: 95, lines: 95, statements: 95 } },
};
