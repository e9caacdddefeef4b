import { pathToFileURL } from 'node:url';
import {
  type Clock,
  codeOf,
  fail,
  type Milliseconds,
  monotonicMilliseconds,
  type Result,
  succeed,
} from '../domain/index.ts';
import { withinBudget } from './within-budget.ts';

/** What a module of the user's own has to give. */
export interface Wanted<Value> {
  readonly is: (value: unknown) => value is Value;
  /** Reads on after "must export": `a client store as its default: an object with …`. */
  readonly form: string;
}

/**
 * Imports a module of the user's own, whose default export is what is wanted, or a function (it may be async) that
 * makes it.
 *
 * In: the absolute path. Out: what it gives; or what is wrong, so that it reads on after the name of the module.
 * Never: a wait beyond the budget; the text of an error that the module threw.
 */
export async function loadUsersModule<Value>(
  path: string,
  { is, form }: Wanted<Value>,
  budget: Milliseconds,
  clock: Pick<Clock, 'monotonic'>,
): Promise<Result<Value, string>> {
  const until = monotonicMilliseconds(clock.monotonic() + budget);
  const made = await withinBudget(exportOf(path), until, clock);
  if (!made.ok) return fail(`did not load within ${budget} ms`);
  if (!made.value.ok) return made.value;
  return is(made.value.value) ? succeed(made.value.value) : fail(`must export ${form}`);
}

async function exportOf(path: string): Promise<Result<unknown, string>> {
  try {
    const loaded = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
    const exported = loaded['default'];
    return succeed(typeof exported === 'function' ? await makeWith(exported) : exported);
  } catch (cause) {
    return fail(`cannot be loaded (${codeOf(cause)}); try it with: node -e "import('./…')"`);
  }
}

async function makeWith(factory: object): Promise<unknown> {
  const made: unknown = Reflect.apply(factory as () => unknown, undefined, []);
  return made;
}
