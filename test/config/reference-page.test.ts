import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { renderSettings } from '../../docs/generate/settings.ts';
import { describeSettings } from '../../src/config/index.ts';
import { isSecretBearing } from '../../src/config/shown.ts';

describe('docs/reference/settings.md', () => {
  it('is what the schema says', () => {
    const page = readFileSync(new URL('../../docs/reference/settings.md', import.meta.url), 'utf8');
    expect(page).toBe(renderSettings());
  });

  it('has a form and a meaning for every key', () => {
    expect(
      describeSettings().filter(({ notYet, type, meaning }) => !notYet && (type === '' || meaning === '')),
    ).toEqual([]);
  });
});

describe('every key that holds a secret', () => {
  it('is known as one to the messages (G20)', () => {
    const secrets = describeSettings().filter(({ type }) => type === '{ env: NAME } or { file: PATH }');
    expect(secrets.length).toBeGreaterThanOrEqual(3);
    for (const { key } of secrets) expect([key, isSecretBearing(key.split(/[.[\]]+/))]).toEqual([key, true]);
    expect(isSecretBearing(['cache', 'keys', 0])).toBe(true);
  });
});
