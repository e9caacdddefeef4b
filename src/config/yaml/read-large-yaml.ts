import { URL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { fail, type Result, succeed } from '../../domain/index.ts';
import type { Place, YamlFlaw } from './place.ts';
import { isList, isMap, type Path, type Plain } from './plain.ts';
import { readYaml } from './read-yaml.ts';

/** As a `YamlTree`, whose places may have to be asked for elsewhere. */
export interface LargeYaml {
  readonly value: Plain;
  /** In the order of the questions. */
  readonly places: (questions: readonly PlaceQuestion[]) => Promise<readonly Place[]>;
  readonly close: () => void;
}

export interface PlaceQuestion {
  readonly path: Path;
  readonly at: 'key' | 'value';
}

export type ThreadAnswer =
  | { readonly kind: 'value'; readonly json: string }
  | { readonly kind: 'flaws'; readonly flaws: readonly YamlFlaw[] }
  | { readonly kind: 'places'; readonly places: readonly Place[] };

/** Below that a thread costs more than it saves. In characters. */
const LARGE = 256 * 1024;

/**
 * Reads YAML as `readYaml` does, a large text in a thread of its own: ten thousand routes are a second of work, in which a
 * house that reloads its settings must go on answering.
 */
export async function readLargeYaml(text: string): Promise<Result<LargeYaml, readonly YamlFlaw[]>> {
  if (text.length < LARGE) return readHere(text);
  try {
    return await readInThread(text);
  } catch {
    // No thread to be had: slower, and otherwise the same.
    return readHere(text);
  }
}

function readHere(text: string): Result<LargeYaml, readonly YamlFlaw[]> {
  const yaml = readYaml(text);
  if (!yaml.ok) return yaml;
  const tree = yaml.value;
  return succeed({
    value: tree.value,
    places: async (questions) =>
      questions.map(({ path, at }) => (at === 'key' ? tree.placeOfKey(path) : tree.placeOf(path))),
    close: () => undefined,
  });
}

async function readInThread(text: string): Promise<Result<LargeYaml, readonly YamlFlaw[]>> {
  // The library asks its environment at every token: an empty one is a plain object, which answers quickly.
  const thread = new Worker(THREAD, { workerData: text, env: {} });
  const first = await answerOf(thread);
  if (first.kind !== 'value') {
    void thread.terminate();
    return fail(first.kind === 'flaws' ? first.flaws : []);
  }
  return succeed({
    value: withoutPrototypes(JSON.parse(first.json) as Plain),
    async places(questions) {
      if (questions.length === 0) return [];
      const answered = answerOf(thread);
      thread.postMessage(questions);
      const answer = await answered;
      return answer.kind === 'places' ? answer.places : [];
    },
    close: () => void thread.terminate(),
  });
}

/** Rejects when the thread fails or ends. */
function answerOf(thread: Worker): Promise<ThreadAnswer> {
  return new Promise<ThreadAnswer>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error('the thread that reads YAML has ended')));
  });
}

/** Compiled, the file beside this one has another ending. */
const THREAD = new URL(
  import.meta.url.endsWith('.ts') ? './yaml-thread.ts' : './yaml-thread.js',
  import.meta.url,
);

function withoutPrototypes(value: Plain): Plain {
  if (isList(value)) return value.map(withoutPrototypes);
  if (!isMap(value)) return value;
  const map = Object.create(null) as Record<string, Plain>;
  for (const key of Object.keys(value)) map[key] = withoutPrototypes(value[key] ?? null);
  return map;
}
