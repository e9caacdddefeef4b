import { formatProblem } from '../config/index.ts';
import { unreachable } from '../domain/index.ts';
import { type Chapter, examineServer, type Finding, readProxyEnvironment } from '../introspection/index.ts';
import { namedClient } from './named-client.ts';
import { readSettingsFile } from './settings-file.ts';
import { systemClock, systemRandomness, systemResolveName } from './system.ts';
import type { ExitCode, World } from './world.ts';

interface DoctorOptions {
  readonly config: string;
  /** Its name in the settings; `null`: the only one. */
  readonly client: string | null;
}

/** `gatehouse doctor`: how well a client and its authorization server go together; exit 1 when they do not. */
export async function doctor(world: World, { config, client: name }: DoctorOptions): Promise<ExitCode> {
  const read = await readSettingsFile(config, world, { offline: false });
  if (!read.ok) {
    for (const problem of read.failure) world.writeError(`${formatProblem(problem)}\n`);
    return 2;
  }
  const client = await namedClient(name, read.value, systemClock);
  if (!client.ok) {
    world.writeError(`gatehouse: ${client.failure}\n`);
    return 2;
  }

  const proxies = readProxyEnvironment(world.environment);
  const parts = {
    clock: systemClock,
    randomness: systemRandomness,
    resolveName: systemResolveName,
    observe: () => undefined,
    ...(proxies.ok ? { proxyFor: proxies.value } : {}),
  };
  const report = createReport(world);
  const works = await examineServer(client.value, parts, (finding) => report.tell(finding));
  report.conclude(client.value.name, works);
  return works ? 0 : 1;
}

interface Report {
  tell(finding: Finding): void;
  conclude(name: string, works: boolean): void;
}

function createReport(world: Pick<World, 'writeOut'>): Report {
  const advice: (readonly string[])[] = [];
  let title = '';
  let problems = 0;

  return {
    tell({ chapter, weight, text, settings }) {
      const heading = headingOf(chapter);
      if (heading !== title) world.writeOut(`${title === '' ? '' : '\n'}${heading}\n`);
      title = heading;
      world.writeOut(`  ${MARKS[weight]} ${text}\n`);
      if (weight === 'broken') problems += 1;
      if (settings.length > 0) advice.push(settings);
    },
    conclude(name, works) {
      const count = `${problems} ${problems === 1 ? 'problem' : 'problems'}`;
      world.writeOut(works ? '\nIntrospection works.\n' : `\nIntrospection would not work: ${count}.\n`);
      if (advice.length === 0) return;
      world.writeOut(`What to set under clients.${name}:\n`);
      for (const alternatives of advice) world.writeOut(alternatives.map(indented).join('    # or\n'));
    },
  };
}

const MARKS = {
  fact: '      ',
  fine: 'ok    ',
  odd: 'odd   ',
  broken: 'BROKEN',
} as const satisfies Record<Finding['weight'], string>;

function headingOf(chapter: Chapter): string {
  switch (chapter.kind) {
    case 'settings':
      return 'Settings';
    case 'way':
      return `The way to ${chapter.origin}`;
    case 'metadata':
      return 'Metadata';
    case 'authentication':
      return 'Client authentication';
    case 'question':
      return 'A question';
    default:
      return unreachable(chapter);
  }
}

function indented(yaml: string): string {
  return yaml
    .split('\n')
    .map((line) => `    ${line}\n`)
    .join('');
}
