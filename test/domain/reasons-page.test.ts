import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { renderReasons } from '../../docs/generate/reasons.ts';
import { ALLOW_REASONS, DENY_REASONS, FAULT_REASONS } from '../../src/domain/index.ts';

describe('docs/reference/reasons.md', () => {
  it('is what the registry says; `node docs/generate/reasons.ts` writes it', () => {
    const page = readFileSync(new URL('../../docs/reference/reasons.md', import.meta.url), 'utf8');
    expect(page).toBe(renderReasons());
  });

  it.each([
    ['| `credential_missing` | 401 | 16 | 401 | – |', 'a challenge without an error'],
    ['| `credential_ambiguous` | 400 | 3 | 401 | `invalid_request` |', '400 of the credential folded to 401'],
    ['| `path_malformed` | 400 | 3 | 403 |  |', '400 of the request folded to 403'],
    ['| `headers_too_large` | 431 | 8 | 403 |  |', '431 folded to 403'],
  ])('shows %s: %s', (line) => {
    expect(renderReasons()).toContain(line);
  });

  it('has one row for every reason', () => {
    const page = renderReasons();
    for (const table of [ALLOW_REASONS, DENY_REASONS, FAULT_REASONS]) {
      for (const reason of Object.keys(table)) expect(page.split(`\n| \`${reason}\` |`)).toHaveLength(2);
    }
  });
});
