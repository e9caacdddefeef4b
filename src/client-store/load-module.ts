import { loadUsersModule } from '../bounds/index.ts';
import type { ClientStoreModule, Clock, Milliseconds, Result } from '../domain/index.ts';

const FORM =
  'a client store as its default: an object with a function `record`, or a function that makes one';

/** Imports a module of the operator's that is a client store (`loadUsersModule`). */
export function loadClientStoreModule(
  path: string,
  budget: Milliseconds,
  clock: Pick<Clock, 'monotonic'>,
): Promise<Result<ClientStoreModule, string>> {
  return loadUsersModule(path, { is: isStore, form: FORM }, budget, clock);
}

function isStore(value: unknown): value is ClientStoreModule {
  return (
    typeof value === 'object' && value !== null && 'record' in value && typeof value.record === 'function'
  );
}
