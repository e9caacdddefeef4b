/**
 * Reads one YAML text in a thread of its own, and then tells where in it things stand.
 * Started by `read-large-yaml.ts`, which says what is sent and what comes back.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { PlaceQuestion, ThreadAnswer } from './read-large-yaml.ts';
import { readYaml } from './read-yaml.ts';

const yaml = readYaml(String(workerData));
answer(
  yaml.ok
    ? { kind: 'value', json: JSON.stringify(yaml.value.value) }
    : { kind: 'flaws', flaws: yaml.failure },
);

parentPort?.on('message', (questions: readonly PlaceQuestion[]) => {
  if (!yaml.ok) return;
  const tree = yaml.value;
  answer({
    kind: 'places',
    places: questions.map(({ path, at }) => (at === 'key' ? tree.placeOfKey(path) : tree.placeOf(path))),
  });
});

function answer(message: ThreadAnswer): void {
  parentPort?.postMessage(message);
}
