import { z } from 'zod';
import { fail, succeed } from '../../domain/index.ts';
import { compileExpression } from '../../expression/index.ts';
import { scopeToken } from './http-words.ts';
import { kindWords, optional, required, standard } from './key.ts';
import { parsed } from './parsed.ts';
import { duration } from './quantities.ts';
import { choice, flawOfName, flawOfText, group, list, mapOf, oneOrMore, text, yesOrNo } from './texts.ts';

/** How deep `any` and `all` may stand in each other. */
const SCOPE_LEVELS_MAX = 3;

export function requirements() {
  return mapOf(flawOfName, requirement());
}

/** What a token must bring. All that is named must hold. */
export function requirement() {
  return group({
    ...words(),
    deny: optional(
      oneOrMore(group(words()), { least: 1 }),
      'A requirement, or a list: a token that has everything that one of them names is refused.',
      'nothing is',
    ),
  });
}

function words() {
  return {
    scopes: optional(
      scopes(),
      'Scopes, all of them; or `{ any: […] }`, `{ all: […] }`, within each other too.',
      'any',
    ),
    audience: optional(
      audience(),
      'One of them must be an audience of the token, exactly; `{ coversUrl: true }`: an audience must be a URL with ' +
        'scheme, host and port of the request, and its path or one above it.',
      'any',
    ),
    issuer: optional(list(text()), "One of them must be the token's issuer, exactly.", 'any'),
    tokenType: optional(
      oneOrMore(text(), { least: 1 }),
      '`token_type` must be one of them, in any case.',
      'Bearer or none',
    ),
    tokenUse: optional(
      oneOrMore(text(), { least: 1 }),
      '`token_use` must be one of them, exactly.',
      'any but that of a refresh or ID token',
    ),
    clientIds: optional(
      clientIds(),
      '`client_id` must be one of them; or `{ allowed: […], refused: […] }`.',
      'any',
    ),
    subject: optional(
      oneOrMore(textOrParam(), { least: 1 }),
      '`sub` must be one of them, exactly; `{ param: id }` is the segment `{id}` of the path.',
      'any',
    ),
    claims: optional(list(claim()), 'Claims, each of which must be as it says.', 'any'),
    authorizationDetails: optional(
      list(detail()),
      'Authorization details (RFC 9396), each of which one object of the token must grant.',
      'any',
    ),
    acr: optional(
      oneOrMore(acrValue(), { least: 1 }),
      '`acr` must be one of them; the preferred first. A client whose token lacks it is told so (RFC 9470).',
      'any',
    ),
    maxAge: optional(
      duration({ min: '0s', max: '8760h' }),
      'How long ago `auth_time` may be, in whole seconds (RFC 9470).',
      'any time',
    ),
    expression: optional(
      expression(),
      'An expression in CEL over `token`, `request` and `route` that must be true; an error in it denies.',
      'none',
    ),
  };
}

function scopes() {
  const schema = z.union([list(scopeToken()), combination(SCOPE_LEVELS_MAX)]);
  kindWords.add(schema, { type: 'a list, or { any: […] }, { all: […] }' });
  return schema;
}

function combination(levels: number) {
  return group({
    ...anyOrAll(levels),
    strategy: standard(
      choice(['exact', 'hierarchical', 'wildcard']),
      'exact',
      'When a scope of the token grants one that is named here: `exact`: it is the same; `hierarchical`: `orders` ' +
        'grants `orders:read` and `orders.read` too; `wildcard`: `orders:*` of the token does.',
    ),
  });
}

function anyOrAll(levels: number) {
  return {
    any: optional(list(scopeItem(levels)), 'One of them is enough.', '`all` must be given'),
    all: optional(list(scopeItem(levels)), 'Each of them is needed.', '`any` must be given'),
  };
}

function scopeItem(levels: number): z.ZodType<ScopeItem, ScopeItem> {
  if (levels === 1) return scopeToken();
  const schema = z.union([scopeToken(), group(anyOrAll(levels - 1))]);
  kindWords.add(schema, { type: 'a scope, or { any: […] }, { all: […] }', toldAbove: true });
  return schema;
}

export type ScopeItem =
  string | { readonly any?: ScopeItem[] | undefined; readonly all?: ScopeItem[] | undefined };

function audience() {
  const covering = group({ coversUrl: required(onlyTrue(), 'An audience must cover the requested URL.') });
  const schema = z.union([list(text()), covering]);
  kindWords.add(schema, { type: 'a list, or { coversUrl: true }' });
  return schema;
}

function clientIds() {
  const both = group({
    allowed: optional(list(text()), '`client_id` must be one of them, exactly.', 'any'),
    refused: optional(list(text()), '`client_id` must be none of them, and there.', 'none'),
  });
  const schema = z.union([list(text()), both]);
  kindWords.add(schema, { type: 'a list, or { allowed: […], refused: […] }' });
  return schema;
}

/** Exactly one test; which is checked in checks/requirements.ts. */
function claim() {
  return group({
    claim: required(oneOrMore(text(), { least: 1 }), 'Member names from the top of the answer downwards.'),
    ...tests(),
    present: optional(onlyTrue(), 'It is there, and not `null`.', 'another test'),
    absent: optional(onlyTrue(), 'It is not there, or `null`: a forbidden claim.', 'another test'),
    not: optional(
      group(tests()),
      'A test that must fail. A claim that is not there fails it.',
      'another test',
    ),
  });
}

function tests() {
  return {
    equals: optional(claimValue(), 'It is this value, of the same type.', 'another test'),
    oneOf: optional(list(claimValue()), 'It is one of these values.', 'another test'),
    contains: optional(
      contained(),
      'It is a list that holds these values, all of them; `{ any: […] }` for one of them.',
      'another test',
    ),
  };
}

function contained() {
  const some = group({ any: required(list(claimValue()), 'One of them is enough.') });
  const schema = z.union([plainValue(), list(claimValue()), some]);
  kindWords.add(schema, { type: 'a value, a list, or { any: […] }' });
  return schema;
}

function detail() {
  const texts = (meaning: string) => optional(list(text()), meaning, 'not demanded');
  return group({
    type: required(text(), '`type` of the object.'),
    actions: texts('Its `actions` must hold these.'),
    locations: texts('Its `locations` must hold these, exactly.'),
    datatypes: texts('Its `datatypes` must hold these.'),
    privileges: texts('Its `privileges` must hold these.'),
    identifier: optional(textOrParam(), 'Its `identifier` must be this.', 'not demanded'),
    fields: standard(
      mapOf(flawOfText, claimValue()),
      {},
      'Further members, each of which must be this value.',
    ),
    otherFields: standard(
      choice(['deny', 'allow']),
      'deny',
      'What of a member that is not named here. It may be a restriction, so that by default the object grants nothing.',
    ),
  });
}

function claimValue() {
  const schema = z.union([text(), number(), yesOrNo(), param()]);
  kindWords.add(schema, { type: 'a text, a number, true, false or { param: name }', toldAbove: true });
  return schema;
}

function plainValue() {
  const schema = z.union([text(), number(), yesOrNo()]);
  kindWords.add(schema, { type: 'a text, a number, true or false' });
  return schema;
}

function textOrParam() {
  const schema = z.union([text(), param()]);
  kindWords.add(schema, { type: 'a text, or { param: name }', toldAbove: true });
  return schema;
}

function param() {
  return group({ param: required(text(), 'Name of a segment, as in `{id}`, of each path of the route.') });
}

function number() {
  const schema = z.number();
  kindWords.add(schema, { type: 'a number' });
  return schema;
}

function onlyTrue() {
  const schema = z.literal(true);
  kindWords.add(schema, { type: 'true' });
  return schema;
}

/** Goes between the quotes of a challenge, with spaces between (STEP-8). */
function acrValue() {
  return parsed({ type: 'an acr value' }, (value) =>
    /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)
      ? succeed(value)
      : fail('is not an acr value; it must be visible ASCII without spaces, " and \\'),
  );
}

function expression() {
  return parsed({ type: 'an expression', bounds: 'at most 4 KiB' }, (value) => {
    const compiled = compileExpression(value);
    return compiled.ok ? succeed(value) : fail(compiled.failure);
  });
}
