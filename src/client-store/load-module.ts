import { pathToFileURL } from 'node:url';
import { withinBudget } from '../bounds/index.ts';
import {
  type ClientStoreModule,
  type Clock,
  codeOf,
  fail,
  type Milliseconds,
  monotonicMilliseconds,
  type Result,
  succeed,
} from '../domain/index.ts';

const FORM =
  'must export a client store as its default: an object with a function `record`, or a function that makes one';

/**
 * Imports a module of the operator's, which is a client store or makes one.
 *
 * In: the absolute path. Out: the store, or what is wrong, reading on after the name of the module.
 * Never: a wait beyond the budget; the text of an error that the module threw.
 */
export async function loadClientStoreModule(
  path: string,
  budget: Milliseconds,
  clock: Pick<Clock, 'monotonic'>,
): Promise<Result<ClientStoreModule, string>> {
  return within(budget, clock, async () => {
    const exported = await defaultOf(path);
    const made: unknown =
      typeof exported === 'function' ? await Reflect.apply(exported, undefined, []) : exported;
    return isStore(made) ? succeed(made) : fail(FORM);
  });
}

async function within<Value>(
  budget: Milliseconds,
  clock: Pick<Clock, 'monotonic'>,
  task: () => Promise<Result<Value, string>>,
): Promise<Result<Value, string>> {
  const until = monotonicMilliseconds(clock.monotonic() + budget);
  const settled = task().catch((cause: unknown) => fail(`cannot be loaded (${codeOf(cause)})`));
  const outcome = await withinBudget(settled, until, clock);
  return outcome.ok ? outcome.value : fail(`did not load within ${budget} ms`);
}

async function defaultOf(path: string): Promise<unknown> {
  const module: unknown = await import(pathToFileURL(path).href);
  return isObject(module) ? module['default'] : undefined;
}

function isStore(value: unknown): value is ClientStoreModule {
  return isObject(value) && typeof value['record'] === 'function';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
