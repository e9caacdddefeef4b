import { atKey, atValue, type Finding } from '../finding.ts';
import { at, isGiven, itemsOf, mapOf, type Raw, textOf } from './raw.ts';

const STORES = ['directory', 'http', 'keyv', 'module'];

export function checkClientStore(root: Raw): readonly Finding[] {
  const store = at(root, 'clientStore');
  if (!isGiven(store)) return [];
  const found: Finding[] = [];
  if (isGiven(at(root, 'clients')))
    found.push(atKey(store.path, 'stands beside `clients`; a file can have one of them'));
  if (mapOf(store) !== null && !STORES.some((kind) => isGiven(at(store, kind))))
    found.push(atKey(store.path, 'names no store; write `directory: { path: …, issuers: […] }`'));
  return [...found, ...itemsOf(at(root, 'routes')).flatMap(checkTenantName)];
}

/** What a route names is the name of a record. */
function checkTenantName(route: Raw): readonly Finding[] {
  const client = at(route, 'client');
  const text = textOf(client);
  if (text === null || !/[:/]/.test(text)) return [];
  return [atValue(client.path, 'is not the name of a tenant; it can have no : and no /')];
}
