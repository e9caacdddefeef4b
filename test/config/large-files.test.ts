import { describe, expect, it } from '@jest/globals';
import { formatProblem, readSettings } from '../../src/config/index.ts';
import { readLargeYaml } from '../../src/config/yaml/read-large-yaml.ts';
import { readYaml } from '../../src/config/yaml/read-yaml.ts';
import { ONE_CLIENT, WORLD } from './read.ts';

const routes = (count: number): string =>
  Array.from({ length: count }, (_, at) => `  - { name: r${at}, match: { paths: [/a${at}/**] } }\n`).join('');
const PADDING = `${'# '.padEnd(1_000, '-')}\n`.repeat(300);
const large = (end: string): string => `${ONE_CLIENT}${PADDING}routes:\n${routes(20)}${end}`;

async function read(text: string) {
  expect(text.length).toBeGreaterThan(256 * 1024);
  const settings = await readSettings({ path: '/settings/large.yaml', text }, WORLD);
  return settings.ok ? settings.value : settings.failure.map(formatProblem);
}

describe('a large settings file, which is read in a thread of its own', () => {
  it('becomes the same settings as a small one, with its warnings in their places', async () => {
    const settings = await read(large(''));
    if (Array.isArray(settings)) throw new Error(settings.join());
    expect(settings).toMatchObject({ warnings: [{ line: 1, key: 'clients.only' }] });
    expect('routes' in settings ? settings.routes.at(-1)?.match.paths : null).toEqual(['/a19/**']);
  });

  it('has its mistakes told with line and column', async () => {
    expect(await read(large('  - { name: r0, mod: public }\n'))).toEqual([
      '/settings/large.yaml:323:13 routes[20].name: "r0" is the name of an earlier route; each needs its own',
      '/settings/large.yaml:323:17 routes[20].mod: "mod" is not a setting; did you mean "mode"?',
    ]);
  });

  it('has what is no YAML told with line and column', async () => {
    expect(await read(large('  - { name: r0\n'))).toEqual([
      expect.stringMatching(/^\/settings\/large\.yaml:324:1:? /),
    ]);
  });

  it('reads as a small one does, whatever is in it', async () => {
    const text = `a: &x [1, -0.5, 1e3, "", null, true]\nb: *x\nc: { d: [] }\n${'# comment\n'.repeat(30_000)}`;
    const [elsewhere, here] = [await readLargeYaml(text), readYaml(text)];
    if (!elsewhere.ok || !here.ok) throw new Error('cannot be read');
    expect(elsewhere.value.value).toEqual(here.value.value);
    const path = ['b', 2];
    expect(await elsewhere.value.places([{ path, at: 'value' }])).toEqual([here.value.placeOf(path)]);
    elsewhere.value.close();
  });
});
