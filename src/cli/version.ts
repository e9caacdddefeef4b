import { readFileSync } from 'node:fs';
import { URL } from 'node:url';

/** Of the package this file belongs to; the same place from `src/` and from `dist/`. */
export const VERSION = readVersion();

/**
 * The first release of each line with the fixes of HTTP/2, TLS and hash tables that the doors rely on (T-48, T-60:
 * a malformed header block ended the process, CVE-2025-59465; names of JSON members collided at will,
 * CVE-2026-21717), as `engines` says. Lines between them are short-lived and were not looked at.
 */
const FIXED_IN: readonly (readonly [major: number, minor: number, patch: number])[] = [
  [22, 22, 2],
  [24, 14, 1],
];
/** Later lines began with the fixes. */
const FIXED_FROM_MAJOR = 26;

/** One sentence when this Node is too old to be safe, otherwise `null`. */
export function nodeProblem(version: string): string | null {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const isFixed = FIXED_IN.some(
    ([line, fixedMinor, fixedPatch]) =>
      major === line && (minor > fixedMinor || (minor === fixedMinor && patch >= fixedPatch)),
  );
  if (isFixed || major >= FIXED_FROM_MAJOR) return null;
  const lines = FIXED_IN.map((line) => line.join('.')).join(' or ');
  return `Node ${version} is too old or of a line without the fixes needed; use ${lines} or newer of these lines, or ${FIXED_FROM_MAJOR}`;
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version);
  return 'unknown';
}
