import type { Config } from 'jest';

const config: Config = {
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: '<rootDir>/tsconfig.jest.json' }] },
  // Sources name each other with ".ts"; ts-jest writes ".js" into what it emits.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  maxWorkers: 2,
  // Jest keeps the modules of every finished test file in memory when it runs ES modules.
  workerIdleMemoryLimit: '768MB',
  // Long enough for a test that starts several programs on two busy cores; waits inside tests end earlier, with words.
  testTimeout: 60_000,
};

export default config;
