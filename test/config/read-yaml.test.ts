import { describe, expect, it } from '@jest/globals';

import { readYaml } from '../../src/config/yaml/read-yaml.ts';

describe('readYaml', () => {
  it('tells of every key that stands twice, with its place', () => {
    expect(readYaml('a: 1\na: 2\nb: { c: 1, c: 2 }\na: 3\n')).toMatchObject({
      ok: false,
      failure: [
        { line: 2, column: 1, message: expect.stringContaining('stands twice') },
        { line: 3, column: 12, message: expect.stringContaining('stands twice') },
        { line: 4, column: 1, message: expect.stringContaining('stands twice') },
      ],
    });
  });
});
