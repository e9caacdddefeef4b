import { isAbsolute, relative } from 'node:path';
import { stringify } from 'yaml';
import { type ClientRecord, type ClientContext, fail, type Result, succeed } from '../domain/index.ts';
import { clientOf } from './assemble.ts';
import { checkAlgorithms } from './checks/index.ts';
import { checkClients } from './checks/clients.ts';
import { at, isGiven, itemsOf, type Raw, textOf } from './checks/raw.ts';
import { fillDefaults, showable } from './effective.ts';
import { atKey, atValue, type Finding, withoutEchoes } from './finding.ts';
import { freezeDeep } from './freeze.ts';
import { fitsIssuer, fitsOrigin, type IssuerPattern, parseIssuerPattern } from './issuer-pattern.ts';
import { readReferences, sourcesIn } from './references.ts';
import { clients } from './schema/clients.ts';
import { parseSize } from './schema/quantities.ts';
import { group } from './schema/texts.ts';
import { required } from './schema/key.ts';
import { formatKeyPath } from './shown.ts';
import { validate } from './validate.ts';
import { childrenOf, kindOf, type Step } from './schema/walk.ts';
import { type Path, type Plain, valueAt } from './yaml/plain.ts';
import { readYaml } from './yaml/read-yaml.ts';

/** A record stands where one client of the file would, so that the same schema and the same checks hold for it. */
const recordSchema = group({ clients: required(clients(), 'The record.') });
const PLACE = ['clients', 'record'] as const;

/**
 * Turns a record of a client store into a client, or says what is wrong with it.
 *
 * In: text that somebody else may have written, and what the operator permits. Out: a client that can be used as it is.
 * Never: an issuer, or a URL on a host, that fits no pattern of `issuers`; a variable of our environment; a file that
 * `readSecret` did not give; consent to plain HTTP or to addresses of our own network; a secret in the failure.
 */
export async function readClientRecord(
  { name, text, readSecret }: ClientRecord,
  { issuers }: { readonly issuers: readonly string[] },
): Promise<Result<ClientContext, string>> {
  if (text.length > TEXT_MAX) return fail('the record is over 256 KiB');
  const yaml = readYaml(text);
  if (!yaml.ok) return fail(sentences(yaml.failure.map(({ line, message }) => `line ${line}: ${message}`)));
  if (countValues(yaml.value.value) > VALUES_MAX) return fail(`the record has over ${VALUES_MAX} values`);

  const root: Plain = { clients: { record: yaml.value.value } };
  const { input, findings } = validate(recordSchema, root);
  const filled = fillDefaults(recordSchema, root);
  const record = at({ path: [], value: root }, ...PLACE);
  const patterns = patternsOf(issuers);
  const before = [
    ...findings,
    ...checkClients({ path: [], value: filled }),
    ...checkOwn(record),
    ...checkUrls(root, patterns),
    ...checkAmounts(record),
    ...checkIssuers(record, patterns),
    ...checkSources(root),
  ];
  // Nothing is read for a record that asks for what it may not have.
  if (before.length > 0) return fail(told(withoutEchoes(before)));

  const world = {
    environment: {},
    readFile: (path: string) => readSecret(relative('/', path)),
    offline: false,
  };
  const references = await readReferences(recordSchema, filled, { file: '/record', world });
  const client = input?.clients['record'];
  const after = [
    ...references.findings,
    ...checkAlgorithms({ path: [], value: filled }, (reference) => references.textOf(reference)),
  ];
  if (client === undefined || after.length > 0) return fail(told(after));
  return succeed(freezeDeep(clientOf(name, client, references)));
}

/** A record for people to see: as it is written, `[set]` for every secret. */
export function showClientRecord(text: string): string {
  const yaml = readYaml(text);
  if (!yaml.ok) return '';
  const shown = showable(recordSchema, { clients: { record: yaml.value.value } });
  return stringify(valueAt(shown, PLACE) ?? null, {
    version: '1.2',
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
}

/** What only the operator may say, as may what is told of requests: `introspection.facts`. */
const OPERATORS_OWN = ['allowHttp', 'connectTo', 'proxy', 'allowAddresses', 'required', 'match'];

function checkOwn(record: Raw): readonly Finding[] {
  const facts = at(record, 'introspection', 'facts');
  return [...OPERATORS_OWN.map((key) => at(record, key)), facts]
    .filter(isGiven)
    .map(({ path }) => atKey(path, 'is not for records of a client store; remove it'));
}

/** Every URL, whatever key it stands under: what a record names is where we connect. */
function checkUrls(root: Plain, patterns: readonly IssuerPattern[]): readonly Finding[] {
  return urlsIn({ schema: recordSchema, value: root, path: [] }).flatMap(({ path, url }) => {
    if (path.length === PLACE.length + 1 && path.at(-1) === 'issuer')
      return fitsIssuer(patterns, url) ? [] : [atValue(path, 'fits no pattern of `issuers`')];
    return fitsOrigin(patterns, url) ? [] : [atValue(path, 'is on a host that fits no pattern of `issuers`')];
  });
}

/** What one tenant can make the process hold for it. */
const MOST: readonly (readonly [path: Path, most: number, words: string])[] = [
  [['limits', 'concurrent'], 256, '256'],
  [['limits', 'queue'], 4_096, '4096'],
  [['introspection', 'maxAnswer'], 256 * 1024, '256KiB'],
];

function checkAmounts(record: Raw): readonly Finding[] {
  return MOST.flatMap(([path, most, words]) => {
    const amount = at(record, ...path);
    const number = typeof amount.value === 'number' ? amount.value : parseSize(textOf(amount) ?? '');
    return (number ?? 0) > most ? [atValue(amount.path, `is at most ${words} in a record`)] : [];
  });
}

/** Whom the answers of its server may speak for: routes can demand an issuer, and upstreams are told it (T-49). */
function checkIssuers(record: Raw, patterns: readonly IssuerPattern[]): readonly Finding[] {
  const needed = isGiven(at(record, 'issuer'))
    ? []
    : [atKey(record.path, 'has no `issuer`; a record needs one, whatever its endpoint')];
  const foreign = itemsOf(at(record, 'acceptIssuers'))
    .filter((item) => !fitsIssuer(patterns, textOf(item) ?? ''))
    .map(({ path }) => atValue(path, 'fits no pattern of `issuers`'));
  return [...needed, ...foreign];
}

const KINDS_OF_URL = new Set(['a URL', 'an origin']);

function urlsIn(step: Step): readonly { readonly path: Path; readonly url: string }[] {
  if (typeof step.value === 'string' && KINDS_OF_URL.has(kindOf(step.schema)?.type ?? ''))
    return [{ path: step.path, url: step.value }];
  return childrenOf(step).flatMap(urlsIn);
}

function checkSources(root: Plain): readonly Finding[] {
  return sourcesIn(recordSchema, root).flatMap(({ path, source }) => {
    if (source.kind === 'env')
      return [atValue(path, 'cannot be { env: … } in a record; write { file: NAME }')];
    if (source.kind === 'literal') return [];
    const isOwn = !isAbsolute(source.path) && !source.path.split(/[/\\]/).includes('..');
    return isOwn
      ? []
      : [atValue(path, 'must be a file in the folder of its own secrets, without / in front and ..')];
  });
}

function patternsOf(issuers: readonly string[]): readonly IssuerPattern[] {
  return issuers.flatMap((text) => {
    const pattern = parseIssuerPattern(text);
    return pattern.ok ? [pattern.value] : [];
  });
}

function told(findings: readonly Finding[]): string {
  return sentences(
    findings.map(({ path, message }) => {
      const key = formatKeyPath(path.slice(PLACE.length));
      return key === '' ? message : `${key}: ${message}`;
    }),
  );
}

/** More than any record needs; checking more would keep the process from everybody else's requests. */
const TEXT_MAX = 256 * 1024;
const VALUES_MAX = 1_000;

function countValues(value: Plain): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + countValues(inner), 1);
}

const SENTENCES_MAX = 5;

function sentences(all: readonly string[]): string {
  const first = all.slice(0, SENTENCES_MAX).join('; ');
  return all.length > SENTENCES_MAX ? `${first}; and ${all.length - SENTENCES_MAX} more` : first;
}
