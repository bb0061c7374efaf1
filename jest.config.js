/** @type {import('jest').Config} */
export default {
  // `src` is a root, so that a file no test imports still counts against coverage.
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022' } }] },
  testEnvironment: 'node',
  injectGlobals: false,
  testTimeout: 20_000,
  collectCoverageFrom: ['src/**/*.ts'],
  coverageThreshold: { global: { branches: 95, functions: 95, lines: 95, statements: 95 } },
};
