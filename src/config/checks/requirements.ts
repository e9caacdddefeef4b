import { compileExpression } from '../../expression/index.ts';
import { parsePathPattern } from '../../matching/index.ts';
import { atKey, atValue, type Finding } from '../finding.ts';
import { parseDuration } from '../schema/quantities.ts';
import { quoted } from '../shown.ts';
import { at, entriesOf, isGiven, itemsOf, mapOf, type Raw, textOf } from './raw.ts';
import { unknownName } from './unknown-name.ts';

/** Requirements, named or written in a route, and what routes make of them. */
export function checkRequirements(root: Raw, routes: readonly Raw[]): readonly Finding[] {
  const named = entriesOf(at(root, 'requirements'));
  const byName = new Map<string, Raw>(named.map((requirement) => [requirement.key, requirement]));
  const used = routes.flatMap((route) => itemsOf(at(route, 'require')));
  return [
    ...used.flatMap((item) => unknownName(item, [...byName.keys()], 'requirement')),
    ...[...named, ...used].flatMap(checkRequirement),
    ...routes.flatMap((route) => checkRoute(route, byName)),
  ];
}

function checkRequirement(requirement: Raw): readonly Finding[] {
  return [requirement, ...itemsOf(at(requirement, 'deny'))].flatMap((plain) => [
    ...demandsNothing(plain),
    ...checkScopes(at(plain, 'scopes')),
    ...demandsNothing(at(plain, 'clientIds')),
    ...itemsOf(at(plain, 'claims')).flatMap(checkClaim),
    ...checkMaxAge(at(plain, 'maxAge')),
  ]);
}

function demandsNothing(raw: Raw): readonly Finding[] {
  if (Object.keys(mapOf(raw) ?? { some: true }).length > 0) return [];
  return [atValue(raw.path, 'demands nothing; leave it out, or say what the token must bring')];
}

function checkScopes(scopes: Raw): readonly Finding[] {
  if (mapOf(scopes) === null) return [];
  const [any, all] = [at(scopes, 'any'), at(scopes, 'all')];
  const inner = [any, all].flatMap(itemsOf).flatMap(checkScopes);
  if (isGiven(any) !== isGiven(all)) return inner;
  return [atValue(scopes.path, 'must have one of any and all'), ...inner];
}

const TESTS = ['equals', 'oneOf', 'contains'];
const ALL_TESTS = [...TESTS, 'present', 'absent', 'not'];

function checkClaim(claim: Raw): readonly Finding[] {
  if (mapOf(claim) === null) return [];
  const not = at(claim, 'not');
  return [...oneTest(claim, ALL_TESTS), ...(mapOf(not) === null ? [] : oneTest(not, TESTS))];
}

function oneTest(raw: Raw, tests: readonly string[]): readonly Finding[] {
  if (tests.filter((test) => isGiven(at(raw, test))).length === 1) return [];
  return [atValue(raw.path, `must have exactly one of ${tests.join(', ')}`)];
}

/** What a client is told is in seconds. */
function checkMaxAge(maxAge: Raw): readonly Finding[] {
  const age = parseDuration(textOf(maxAge) ?? '');
  if (age === null || age % 1_000 === 0) return [];
  return [atValue(maxAge.path, 'must be whole seconds')];
}

function checkRoute(route: Raw, byName: ReadonlyMap<string, Raw>): readonly Finding[] {
  const items = itemsOf(at(route, 'require'));
  const requirements = items.map((item) => ({ item, requirement: byName.get(textOf(item) ?? '') ?? item }));
  return [
    ...requirements.flatMap(({ item, requirement }) => checkParams(route, item, requirement)),
    ...checkAcr(
      requirements.map(({ requirement }) => requirement),
      at(route, 'require'),
    ),
  ];
}

/** Every path of the route must have the segments that a requirement compares with, or there would be nothing to compare. */
function checkParams(route: Raw, item: Raw, requirement: Raw): readonly Finding[] {
  const wanted = [requirement, ...itemsOf(at(requirement, 'deny'))].flatMap(paramsOf);
  if (wanted.length === 0) return [];
  const paths = itemsOf(at(route, 'match', 'paths')).map((path) => textOf(path) ?? '');
  const missing = new Set(
    wanted.filter((name) => paths.length === 0 || !paths.every((path) => hasParam(path, name))),
  );
  return [...missing].map((name) =>
    atValue(
      item.path,
      `compares with the segment ${quoted(name)}, which not every path of the route has; write {${name}} in each`,
    ),
  );
}

function hasParam(path: string, name: string): boolean {
  const pattern = parsePathPattern(path);
  // A path that cannot be read is told where it stands.
  return !pattern.ok || pattern.value.params.some((param) => param.name === name);
}

function paramsOf(requirement: Raw): readonly string[] {
  const details = itemsOf(at(requirement, 'authorizationDetails'));
  const claims = itemsOf(at(requirement, 'claims'));
  const values = [
    ...itemsOf(at(requirement, 'subject')),
    ...claims.flatMap((claim) => [claim, at(claim, 'not')].flatMap(valuesOf)),
    ...details.flatMap((detail) => [at(detail, 'identifier'), ...entriesOf(at(detail, 'fields'))]),
  ];
  const expression = textOf(at(requirement, 'expression'));
  const compiled = expression === null ? null : compileExpression(expression);
  return [
    ...values.flatMap((value) => textOf(at(value, 'param')) ?? []),
    ...(compiled?.ok === true ? compiled.value.params : []),
  ];
}

function valuesOf(test: Raw): readonly Raw[] {
  const contains = at(test, 'contains');
  return [at(test, 'equals'), ...[at(test, 'oneOf'), contains, at(contains, 'any')].flatMap(itemsOf)];
}

/** Of several requirements with `acr`, all must hold: without a value that all of them accept, no token is enough. */
function checkAcr(requirements: readonly Raw[], require: Raw): readonly Finding[] {
  const lists = requirements
    .map((requirement) => itemsOf(at(requirement, 'acr')).map((value) => textOf(value)))
    .filter((values) => values.length > 0);
  const [first, ...others] = lists;
  if (first === undefined || first.some((value) => others.every((values) => values.includes(value))))
    return [];
  return [
    atKey(require.path, 'has several lists of `acr` with no value in common, so that no token is enough'),
  ];
}
