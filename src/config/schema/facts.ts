import { z } from 'zod';
import { flawOfHeaderName, headerName } from './http-words.ts';
import { kindWords, required, standard } from './key.ts';
import { choice, flawOfText, group, mapOf } from './texts.ts';

/** What of each request is told to the authorization server, and under which names. */
export function facts() {
  return group({
    params: standard(mapOf(flawOfText, fact()), {}, 'As form parameters, by name.'),
    headers: standard(mapOf(flawOfHeaderName, fact()), {}, 'As request headers, by name.'),
  });
}

function fact() {
  const schema = z.union([choice(['method', 'host', 'path', 'clientAddress']), header()]);
  kindWords.add(schema, { type: 'method, host, path, clientAddress or { header: NAME }' });
  return schema;
}

function header() {
  return group({ header: required(headerName(), 'A header of the request; not sent when it has none.') });
}
