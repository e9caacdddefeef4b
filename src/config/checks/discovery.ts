import { atKey, type Finding } from '../finding.ts';
import { at, isGiven, type Raw } from './raw.ts';

export function checkDiscovery(root: Raw): readonly Finding[] {
  const copies = at(root, 'discovery', 'sharedCopies');
  if (copies.value !== true || isGiven(at(root, 'cache', 'shared'))) return [];
  return [atKey(copies.path, 'needs `cache.shared`, where the copies are kept')];
}
