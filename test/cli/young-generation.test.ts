import { describe, expect, it } from '@jest/globals';

import { flagsToAdd } from '../../src/cli/young-generation.ts';

const SERVING = { argv: ['serve', '--config', 'gatehouse.yaml'], execArgv: [], nodeOptions: '' };

describe('flagsToAdd', () => {
  it('gives a serving process a small young generation', () => {
    expect(flagsToAdd(SERVING)).toEqual(['--max-semi-space-size=2']);
    expect(
      flagsToAdd({ ...SERVING, execArgv: ['--cpu-prof'], nodeOptions: '--trace-warnings' }),
    ).toHaveLength(1);
  });

  it.each([['check'], ['healthcheck'], ['--version']])('leaves `%s` alone', (word) => {
    expect(flagsToAdd({ ...SERVING, argv: [word] })).toEqual([]);
  });

  it.each([
    { execArgv: ['--max-semi-space-size=2'] },
    { execArgv: ['--max_semi_space_size=64'] },
    { execArgv: ['--min-semi-space-size', '8'] },
    { nodeOptions: '--trace-warnings  --max-semi-space-size=16' },
  ])('leaves the size to whoever set it: %j', (said) => {
    expect(flagsToAdd({ ...SERVING, ...said })).toEqual([]);
  });
});
