import type { Finding } from '../finding.ts';
import type { Plain } from '../yaml/plain.ts';
import type { TextReference } from '../reference-source.ts';
import { checkAlgorithms as checkOwnAlgorithms } from './authentication.ts';
export { checkCandidates } from './candidates.ts';
import { checkCache } from './cache.ts';
import { checkCredentials } from './credential.ts';
import { checkClientStore } from './client-store.ts';
import { checkClients } from './clients.ts';
import { checkDiscovery } from './discovery.ts';
import { checkDoors } from './doors.ts';
import { checkHeaders } from './headers.ts';
import { checkLifetimes } from './lifetimes.ts';
import type { Raw } from './raw.ts';
import { checkRoutes } from './routes.ts';
import { checkAnswerAlgorithms } from './signed-answers.ts';
import { checkWait } from './wait.ts';

/** What no key can tell alone: contradictions, and names that lead nowhere. */
export function checkTogether(effective: Plain): readonly Finding[] {
  const root = { path: [], value: effective };
  return [
    ...checkDoors(root),
    ...checkWait(root),
    ...checkClients(root),
    ...checkClientStore(root),
    ...checkCache(root),
    ...checkDiscovery(root),
    ...checkLifetimes(root),
    ...checkRoutes(root),
    ...checkHeaders(root),
    ...checkCredentials(root),
  ];
}

/** What only the texts that the file leads to can tell: whether keys and secrets go with algorithms. */
export function checkAlgorithms(
  root: Raw,
  contentOf: (reference: TextReference) => string,
): readonly Finding[] {
  return [...checkOwnAlgorithms(root, contentOf), ...checkAnswerAlgorithms(root, contentOf)];
}
