import { z } from 'zod';
import { fail, succeed } from '../../domain/index.ts';
import { headerName } from './http-words.ts';
import { kindWords, optional, standard } from './key.ts';
import { parsed } from './parsed.ts';
import { choice, group, list } from './texts.ts';
import { origin } from './urls.ts';

/** Where a route looks for the token. */
export function credential() {
  return group({
    from: standard(
      list(source()),
      ['header'],
      'Where the token is looked for: `header` is `Authorization`. A request may bring one in one of these places only. ' +
        'All others are ignored.',
    ),
    origins: optional(
      list(origin()),
      'With a cookie: pages that may send requests that change something, or open WebSockets.',
      'those of the requested scheme and host',
    ),
  });
}

/** Exactly one of them; which is checked in checks/credential.ts. */
function source() {
  const other = group({
    header: optional(headerName(), 'A header with the token alone, or behind `Bearer`.', 'another place'),
    cookie: optional(cookieName(), 'A cookie. Others go on to the upstream.', 'another place'),
    websocketProtocol: optional(
      protocolPrefix(),
      'How the item of `Sec-WebSocket-Protocol` begins of which the rest is the token, as in `bearer.`.',
      'another place',
    ),
    query: optional(
      parameterName(),
      'A query parameter. Tokens in URLs are written to many logs: for old clients only.',
      'another place',
    ),
  });
  const schema = z.union([choice(['header']), other]);
  kindWords.add(schema, {
    type: 'header, { header: name }, { cookie: name }, { websocketProtocol: prefix } or { query: name }',
  });
  return schema;
}

/** RFC 6265 section 4.1.1: a token of RFC 9110. */
function cookieName() {
  return parsed({ type: 'the name of a cookie' }, (text) =>
    /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(text)
      ? succeed(text)
      : fail('is not the name of a cookie; write letters, digits and dashes, as in session'),
  );
}

function protocolPrefix() {
  return parsed({ type: 'the beginning of a protocol' }, (text) =>
    /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(text)
      ? succeed(text)
      : fail('cannot begin the name of a protocol; write letters, digits and dots, as in bearer.'),
  );
}

/** Spelled alike whether it is escaped or not. */
function parameterName() {
  return parsed({ type: 'the name of a parameter' }, (text) =>
    /^[A-Za-z0-9._~-]{1,128}$/.test(text)
      ? succeed(text)
      : fail('is not the name of a parameter; write letters, digits and . _ ~ -, as in access_token'),
  );
}
