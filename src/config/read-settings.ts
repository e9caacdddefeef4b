import { dirname, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fail, type Result, succeed } from '../domain/index.ts';
import { assemble } from './assemble.ts';
import { checkAlgorithms, checkCandidates, checkTogether } from './checks/index.ts';
import { fillDefaults, showable } from './effective.ts';
import { type Finding, withoutEchoes } from './finding.ts';
import { freezeDeep } from './freeze.ts';
import { generationOf } from './generation.ts';
import type { Problem } from './problem.ts';
import type { World } from './reference-source.ts';
import { readReferences } from './references.ts';
import { settingsSchema } from './schema/settings-schema.ts';
import type { Settings } from './settings.ts';
import { formatKeyPath } from './shown.ts';
import { validate } from './validate.ts';
import { warningsOf } from './warnings.ts';
import { type LargeYaml, readLargeYaml } from './yaml/read-large-yaml.ts';

export interface SettingsSource {
  /** Of the file: stands before every problem, and relative paths in the file start at its folder. */
  readonly path: string;
  readonly text: string;
}

/**
 * Turns the text of a settings file into one frozen record, or into the full list of what is wrong with it.
 *
 * In: the text, and the world its references lead to. Out: settings that can be put in force as they are; of an
 * offline reading, settings to look at, whose secrets and certificates are empty.
 * Never: a setting that was not understood, a secret in a problem, an exception for anything in the file.
 */
export async function readSettings(
  { path: file, text }: SettingsSource,
  world: World,
): Promise<Result<Settings, readonly Problem[]>> {
  const yaml = await readLargeYaml(text);
  if (!yaml.ok) return fail(yaml.failure.map((flaw) => ({ file, key: '', ...flaw })));
  try {
    return await readTree(yaml.value, { path: file, text }, world);
  } finally {
    yaml.value.close();
  }
}

async function readTree(
  tree: LargeYaml,
  { path: file, text }: SettingsSource,
  world: World,
): Promise<Result<Settings, readonly Problem[]>> {
  // Each step of a large file takes its time: between them, a house that reloads goes on answering.
  await nextTurn();
  const { input, findings } = validate(settingsSchema, tree.value);
  await nextTurn();
  const filled = fillDefaults(settingsSchema, tree.value);
  const references = await readReferences(settingsSchema, filled, { file, world });

  const problems = withoutEchoes([
    ...findings,
    ...checkTogether(filled),
    ...(input === null ? [] : checkCandidates(input)),
    ...references.findings,
    ...checkAlgorithms({ path: [], value: filled }, (reference) => references.textOf(reference)),
  ]);
  if (input === null || problems.length > 0) return fail(await placed(problems, tree, file));

  await nextTurn();
  const assembled = assemble(input, references, dirname(resolve(file)));
  const warnings = await placed([...references.warnings, ...warningsOf(assembled)], tree, file);
  return succeed(
    freezeDeep({
      ...assembled,
      warnings,
      files: [...new Set([resolve(file), ...references.files])],
      generation: generationOf(text, references.contents),
      effective: showable(settingsSchema, filled),
    }),
  );
}

/** In the order of the file; each place with its line. */
async function placed(
  findings: readonly Finding[],
  tree: LargeYaml,
  file: string,
): Promise<readonly Problem[]> {
  const places = await tree.places(findings.map(({ path, at }) => ({ path, at })));
  const problems = findings.map(({ path, message }, index) => {
    const { line, column } = places[index] ?? { line: 1, column: 1 };
    return { file, line, column, key: formatKeyPath(path), message };
  });
  return problems.sort((one, other) => one.line - other.line || one.column - other.column);
}
