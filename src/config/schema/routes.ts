import { z } from 'zod';
import { fail, succeed } from '../../domain/index.ts';
import { credential } from './credential.ts';
import { flawOfHeaderName, headerName } from './http-words.ts';
import { kindWords, optional, required, standard } from './key.ts';
import { match } from './match.ts';
import { parsed } from './parsed.ts';
import { duration } from './quantities.ts';
import { requirement } from './requirements.ts';
import { choice, group, list, mapOf, name, oneOrMore, text, yesOrNo } from './texts.ts';

/** Between the items of a list, where nothing else is said. */
export const STANDARD_JOIN = ',';

/** The one rule of a file without routes. */
export const DEFAULT_ROUTE = { name: 'default' } as const;

/** Where a token is judged, it has served its purpose here. */
export function standardAuthorization(mode: unknown): 'strip' | 'keep' {
  return mode === 'required' || mode === 'optional' ? 'strip' : 'keep';
}

export function routes() {
  return list(route());
}

function route() {
  return group({
    name: required(name(), 'Its name in logs, metrics and messages.'),
    match: standard(match(), {}, 'Which requests it is for. Rules are tried in the order of the file.'),
    otherwise: standard(
      choice(['deny', 'next']),
      'deny',
      'When hosts and paths match but the rest does not: `deny` shuts out later broader rules, `next` tries them.',
    ),
    client: optional(
      oneOrMore(name(), { least: 1 }),
      'Which client judges the token. Of several, the one to which the token belongs: by its form (`token` of a client), ' +
        'or by the issuer that a JWT claims. A token of none of them is 401, and nobody is asked.',
      'the client whose `match` fits, or the only one',
    ),
    tryInOrder: standard(
      yesOrNo(),
      false,
      '`true`: of several clients that nothing tells apart, one is asked after the other as long as they call the token ' +
        'inactive, so a token is shown to servers that did not issue it. A failure of one ends it with 503.',
    ),
    mode: standard(
      choice(['required', 'optional', 'public', 'deny']),
      'required',
      '`public`: no token is looked at. `optional`: none is anonymous, one is judged. `deny`: 403 without a question.',
    ),
    enforce: standard(
      yesOrNo(),
      true,
      '`false`: judged and reported beside the rule that would be found without it, which stays in force. It guards ' +
        'nothing, its headers are not managed, and nobody is asked for its sake.',
    ),
    credential: standard(credential(), {}, 'Where the token is looked for.'),
    path: standard(
      pathLeniency(),
      {},
      'How the upstream reads paths, and characters in them that it may read in two ways.',
    ),
    require: optional(
      oneOrMore(requirementOrName(), { least: 1 }),
      'What the token must bring: the name of a requirement, one written here, or a list of either, all of which must hold.',
      'an active token is enough',
    ),
    freshness: optional(
      duration({ min: '0s', max: '24h' }),
      'How old an answer may be here. `0s`: the authorization server is asked for each request.',
      'what the cache allows',
    ),
    stale: standard(
      duration({ min: '0s', max: '1h' }),
      '0s',
      'How long an answer may outlive its cache time while the authorization server is out, never past `exp`.',
    ),
    upstream: standard(upstream(), {}, 'What the upstream is told about the caller.'),
  });
}

function pathLeniency() {
  const leniency = (meaning: string) => standard(choice(['deny', 'allow']), 'deny', meaning);
  return group({
    encodedSlash: leniency('`%2F` in a segment.'),
    semicolon: leniency('`;` or `%3B` in a segment.'),
    backslash: leniency('`%5C` in a segment.'),
    caseSensitive: standard(
      yesOrNo(),
      true,
      '`false`: the upstream takes letters of ASCII in either case for the same.',
    ),
    trailingSlash: standard(
      choice(['same', 'distinct']),
      'same',
      '`distinct`: `/a/` is another path than `/a`, and a path matches as it is written.',
    ),
  });
}

function requirementOrName() {
  const schema = z.union([name(), requirement()]);
  kindWords.add(schema, { type: 'a name or a requirement', toldAbove: true });
  return schema;
}

function upstream() {
  return group({
    headers: standard(
      mapOf(flawOfHeaderName, claimSource()),
      {},
      'Headers set from the answer: the name of a top-level member, or `{ claim: […], join: "," }`. ' +
        'They are removed from every allowed request that gets no value for them, on every route.',
    ),
    anonymous: optional(
      headerName(),
      'On `optional` routes: the header that says `true` to the upstream when no token was sent. Removed from every ' +
        'other request, as `headers` are.',
      'no such header',
    ),
    authorization: optional(
      choice(['strip', 'keep']),
      'Whether the upstream sees the token. On `public` routes it is never touched.',
      '`strip` on `required` and `optional` routes',
    ),
    metadata: standard(
      metadata(),
      ['sub', 'client_id', 'scope', 'aud', 'iss', 'exp'],
      'Members of the answer that become Envoy dynamic metadata: a list, `all` or `none`.',
    ),
  });
}

function claimSource() {
  const long = group({
    claim: required(oneOrMore(text(), { least: 1 }), 'Member names from the top of the answer downwards.'),
    join: standard(joiner(), STANDARD_JOIN, 'Between the items of a list.'),
  });
  const schema = z.union([text(), long]);
  kindWords.add(schema, { type: 'a member\'s name, or { claim: […], join: "," }' });
  return schema;
}

/** Letters, digits and % could be taken for a part of an item, which is percent-encoded. */
function joiner() {
  return parsed({ type: 'a separator', bounds: '1 to 8 characters of punctuation or spaces' }, (text) =>
    /^[\x20-\x7e]{1,8}$/.test(text) && !/[0-9A-Za-z%]/.test(text)
      ? succeed(text)
      : fail('is not a separator; write 1 to 8 characters of punctuation or spaces, such as ","'),
  );
}

function metadata() {
  const schema = z.union([choice(['all', 'none']), list(text())]);
  kindWords.add(schema, { type: 'a list, all or none' });
  return schema;
}
