import { pathToFileURL } from 'node:url';
import type { KeyvStoreAdapter } from 'keyv';
import { withinBudget } from '../bounds/index.ts';
import {
  type Clock,
  classOf,
  fail,
  type Milliseconds,
  monotonicMilliseconds,
  type Result,
  succeed,
} from '../domain/index.ts';

/**
 * Imports a module of the user's own that gives a Keyv store adapter: its default export is one, or a function (it may
 * be async) that makes one.
 *
 * In: the absolute path. Out: the adapter; or what is wrong, so that it reads on after the name of the module.
 * Never: a wait beyond the budget, the text of an error that the module threw.
 */
export async function loadStoreModule(
  path: string,
  budget: Milliseconds,
  clock: Pick<Clock, 'monotonic'>,
): Promise<Result<KeyvStoreAdapter, string>> {
  const until = monotonicMilliseconds(clock.monotonic() + budget);
  const made = await withinBudget(settled(path), until, clock);
  if (!made.ok) return fail(`did not load within ${budget} ms`);
  if (!made.value.ok) return made.value;
  return isAdapter(made.value.value)
    ? succeed(made.value.value)
    : fail(
        'must export a Keyv store adapter as its default: an object with `get`, `set`, `delete` and `clear`, or a function that makes one',
      );
}

async function settled(path: string): Promise<Result<unknown, string>> {
  try {
    const loaded: unknown = await import(pathToFileURL(path).href);
    const exported: unknown = isObject(loaded) ? loaded['default'] : undefined;
    return succeed(typeof exported === 'function' ? await makeWith(exported) : exported);
  } catch (cause) {
    return fail(`cannot be loaded (${codeOf(cause)}); try it with: node -e "import('./…')"`);
  }
}

async function makeWith(factory: object): Promise<unknown> {
  const result: unknown = Reflect.apply(factory as () => unknown, undefined, []);
  return result;
}

/** What Keyv itself asks for. */
const VERBS = ['get', 'set', 'delete', 'clear'];

function isAdapter(value: unknown): value is KeyvStoreAdapter {
  return isObject(value) && VERBS.every((verb) => typeof value[verb] === 'function');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}

function codeOf(cause: unknown): string {
  return isObject(cause) && typeof cause['code'] === 'string' ? cause['code'] : classOf(cause);
}
