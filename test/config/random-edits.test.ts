import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatProblem, printSettings, readSettings } from '../../src/config/index.ts';
import { aWorld, CANARY } from './worlds.ts';

const EXAMPLE = readFileSync(join(import.meta.dirname, 'fixtures', 'example.yaml'), 'utf8').replaceAll(
  /\{ (?:env|file): \S+ \}/g,
  CANARY,
);
const WORLD = aWorld({ offline: true });

const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ':',
    '- ',
    '"',
    "'",
    '\n',
    '\t',
    '  ',
    '#',
    '|',
    '>',
    '&a ',
    '*a ',
    '!',
    '? ',
    '%',
    ',',
  ],
  ...[
    'null',
    '~',
    'true',
    '-1',
    '1e999',
    '.nan',
    '0x1',
    '__proto__',
    'constructor',
    'clients:',
    'routes:',
    '\0',
    '\uFEFF',
    '---\n',
  ],
];

/** Cuts a piece out, puts a piece in, or doubles one. */
const edit = fc.record({
  at: fc.nat({ max: EXAMPLE.length }),
  cut: fc.nat({ max: 40 }),
  put: fc.oneof(
    fc.constantFrom(...PIECES),
    fc.string({ maxLength: 6 }),
    fc.string({ unit: 'binary', maxLength: 3 }),
  ),
});

describe('readSettings of a file that was edited at random', () => {
  it('answers with settings or with problems in the file, and never throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
        const text = edits.reduce(
          (before, { at, cut, put }) => before.slice(0, at) + put + before.slice(at + cut),
          EXAMPLE,
        );
        const read = await readSettings({ path: 'x.yaml', text }, WORLD);
        const problems = read.ok ? read.value.warnings : read.failure;
        expect(problems.length).toBeGreaterThan(0);
        for (const problem of problems) {
          expect(problem.line).toBeGreaterThanOrEqual(1);
          expect(problem.column).toBeGreaterThanOrEqual(1);
          expect(problem.line).toBeLessThanOrEqual(text.split(/\r\n|\n|\r/).length);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('does so for any text at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 60 }), async (text) => {
        await readSettings({ path: 'x.yaml', text }, WORLD);
      }),
      { numRuns: 500 },
    );
  });

  it('does so for any value under any key', async () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const keys = [
      'listen',
      'clients',
      'cache',
      'routes',
      'requirements',
      'wait',
      'scrub',
      'realm',
      'drain',
      'log',
    ];
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom(...keys), value), async (settings) => {
        await readSettings({ path: 'x.yaml', text: JSON.stringify(settings) }, WORLD);
      }),
      { numRuns: 200 },
    );
  });

  it('shows nothing of what stands under a key for secrets, whatever it is (G20)', async () => {
    const word = fc.constantFrom(CANARY, `${CANARY}\n`, `"${CANARY}`, `redis://x:${CANARY}@y`);
    const { anything } = fc.letrec((tie) => ({
      anything: fc.oneof(
        { depthSize: 'small' },
        word,
        fc.constantFrom(null, true, 5),
        fc.array(tie('anything'), { maxLength: 3 }),
        fc.dictionary(fc.oneof(word, fc.constantFrom('env', 'file', 'name', 'value')), tie('anything')),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(anything, fc.boolean(), async (secret, offline) => {
        const settings = {
          listen: {
            http: [
              { address: '127.0.0.1:1', profile: 'nginx', secretHeader: secret },
              { secretHeader: { value: secret } },
            ],
          },
          clients: { only: { issuer: 'https://a.example', clientId: 'a', clientSecret: secret } },
          cache: { keys: secret, shared: { redis: { url: 'redis://r:1', password: secret } } },
        };
        const text = JSON.stringify(settings);
        const read = await readSettings({ path: 'x.yaml', text }, aWorld({ offline }));
        if (!read.ok) expect(read.failure.map(formatProblem).join('\n')).not.toContain(CANARY);
        else expect(printSettings(read.value)).not.toContain(CANARY);
      }),
      { numRuns: 200 },
    );
  });
});
