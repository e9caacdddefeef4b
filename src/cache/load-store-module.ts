import type { KeyvStoreAdapter } from 'keyv';
import { loadUsersModule } from '../bounds/index.ts';
import type { Clock, Milliseconds, Result } from '../domain/index.ts';

/** Imports a module that gives a Keyv store adapter (`loadUsersModule`). */
export function loadStoreModule(
  path: string,
  budget: Milliseconds,
  clock: Pick<Clock, 'monotonic'>,
): Promise<Result<KeyvStoreAdapter, string>> {
  return loadUsersModule(path, { is: isAdapter, form: FORM }, budget, clock);
}

/** What Keyv itself asks for. */
const VERBS = ['get', 'set', 'delete', 'clear'];
const FORM =
  'a Keyv store adapter as its default: an object with `get`, `set`, `delete` and `clear`, or a function that makes one';

function isAdapter(value: unknown): value is KeyvStoreAdapter {
  const isObject = (typeof value === 'object' || typeof value === 'function') && value !== null;
  return isObject && VERBS.every((verb) => typeof Reflect.get(value, verb) === 'function');
}
