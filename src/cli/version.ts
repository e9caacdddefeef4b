import { readFileSync } from 'node:fs';
import { URL } from 'node:url';

/** Of the package this file belongs to; the same place from `src/` and from `dist/`. */
export const VERSION = readVersion();

/** The oldest Node whose HTTP/2 and TLS fixes the doors rely on (T-60), as `engines` says. */
const OLDEST_NODE = [22, 19] as const;

/** One sentence when this Node is too old to be safe, otherwise `null`. */
export function nodeProblem(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return null;
  return `Node ${version} is too old; Gatehouse needs ${oldestMajor}.${oldestMinor} or newer (24 is recommended)`;
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version);
  return 'unknown';
}
