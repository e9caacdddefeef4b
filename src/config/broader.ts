import type { RouteMatch } from '../domain/index.ts';

/** Whether a rule's hosts and paths take in everything that another's do. Patterns are compared as written. */
export function isBroader(broader: RouteMatch, narrower: RouteMatch): boolean {
  return (
    coversAll(broader.hosts, narrower.hosts, coversHost) &&
    coversAll(broader.paths, narrower.paths, coversPath)
  );
}

/** No patterns at all are any. */
function coversAll(
  wide: readonly string[],
  narrow: readonly string[],
  covers: (wide: string, narrow: string) => boolean,
): boolean {
  if (wide.length === 0) return true;
  if (narrow.length === 0) return wide.includes('/**');
  return narrow.every((one) => wide.some((other) => covers(other, one)));
}

function coversHost(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  return wide.startsWith('*.') && narrow.endsWith(wide.slice(1));
}

function coversPath(wide: string, narrow: string): boolean {
  const [wider, narrower] = [wide.split('/').slice(1), narrow.split('/').slice(1)];
  for (const [index, segment] of wider.entries()) {
    if (segment === '**') return true;
    const other = narrower[index];
    if (other === undefined || other === '**' || (!isAny(segment) && segment !== other)) return false;
  }
  return wider.length === narrower.length;
}

function isAny(segment: string): boolean {
  return segment === '*' || /^\{.*\}$/.test(segment);
}
