/**
 * Runs the steps of a Dockerfile without a container: each stage is an empty folder, COPY copies, RUN runs.
 *
 * Understands what deploy/Dockerfile uses, and refuses the rest. What a base image holds is not shown by it.
 */
import { cpSync, mkdirSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';

import { runProcess } from '../support/processes.ts';

export interface Stage {
  readonly base: string;
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

export interface Instruction {
  readonly keyword: string;
  readonly rest: string;
}

export function parseDockerfile(text: string): readonly Stage[] {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n');
  const stages: { base: string; name: string; instructions: Instruction[] }[] = [];
  for (const line of lines.filter((candidate) => candidate.trim() !== '')) {
    const [, keyword, rest] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (keyword === undefined || rest === undefined) throw new Error(`not an instruction: ${line}`);
    if (keyword === 'FROM') {
      const [base = '', , name = 'image'] = rest.split(' ');
      stages.push({ base, name, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push({ keyword, rest });
    }
  }
  return stages;
}

export interface Workshop {
  /** The build context. */
  readonly context: string;
  /** Holds one folder for each stage. */
  readonly folder: string;
}

/** Runs a stage and gives the folder that stands for its working directory. */
export async function runStage(stage: Stage, { context, folder }: Workshop): Promise<string> {
  const directory = join(folder, stage.name);
  mkdirSync(directory);
  for (const { keyword, rest } of stage.instructions) {
    switch (keyword) {
      case 'COPY':
        copy(rest, { context, folder, directory });
        break;
      case 'RUN':
        await runStep(rest, directory);
        break;
      case 'WORKDIR':
        if (rest !== WORKDIR) throw new Error(`this understands only WORKDIR ${WORKDIR}`);
        break;
      // Facts about the image; the test reads those it needs.
      case 'ENV':
      case 'EXPOSE':
      case 'CMD':
      case 'HEALTHCHECK':
        break;
      default:
        throw new Error(`this does not understand ${keyword}`);
    }
  }
  return directory;
}

/** The argument list of a CMD in its JSON form, of the image's own or of its health check. */
export function commandOf({ instructions }: Stage, keyword: 'CMD' | 'HEALTHCHECK'): readonly string[] {
  const rest = instructions.find((instruction) => instruction.keyword === keyword)?.rest ?? '';
  const list = /\[.*\]$/.exec(rest)?.[0];
  if (list === undefined) throw new Error(`${keyword} is not in the form that needs no shell`);
  return JSON.parse(list) as readonly string[];
}

/** What stages copy from the build context. */
export function copiedFromContext(stages: readonly Stage[]): readonly string[] {
  return stages
    .flatMap(({ instructions }) => instructions)
    .filter(({ keyword, rest }) => keyword === 'COPY' && !rest.startsWith('--from='))
    .flatMap(({ rest }) => rest.split(' ').slice(0, -1));
}

const WORKDIR = '/app';

function copy(rest: string, { context, folder, directory }: Workshop & { readonly directory: string }): void {
  const words = rest.split(' ');
  const [, from] = /^--from=(.+)$/.exec(words[0] ?? '') ?? [];
  const sources = words.slice(from === undefined ? 0 : 1, -1);
  const target = words.at(-1) ?? '';
  for (const source of sources) {
    const path =
      from === undefined ? join(context, source) : join(folder, from, source.replace(`${WORKDIR}/`, ''));
    cpSync(path, target.endsWith('/') ? join(directory, basename(source)) : join(directory, target), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}

async function runStep(command: string, directory: string): Promise<void> {
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  const { code, output } = await runProcess('/bin/sh', ['-c', command], {
    name: command,
    cwd: directory,
    environment: { ...process.env, PATH: path, NODE_OPTIONS: '' },
    within: 180_000,
  });
  if (code !== 0) throw new Error(`${command} ended with ${code ?? 'a signal'}:\n${output}`);
}
