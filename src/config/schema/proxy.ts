import { URL } from 'node:url';

import { z } from 'zod';
import { fail, type Result, succeed } from '../../domain/index.ts';
import { kindWords, optional, required } from './key.ts';
import { parsed } from './parsed.ts';
import { certificateFile, flawOfSecret, secret } from './references.ts';
import { group, text } from './texts.ts';
import { parseHttpUrl } from './urls.ts';

/** `none`, `http://proxy.example.com:3128`, or a map that says more. */
export function proxy() {
  const schema = z.union([word(), long()]);
  kindWords.add(schema, { type: 'none, the URL of a proxy, or a map' });
  return schema;
}

function word() {
  return parsed({ type: 'none, or the URL of a proxy' }, (written) =>
    written === 'none' ? succeed(null) : parseProxyUrl(written),
  );
}

function long() {
  return group({
    url: required(
      parsed({ type: 'a URL' }, parseProxyUrl),
      'Where it is: `http://host:port`, or `https://host:port` when the proxy itself speaks TLS.',
    ),
    username: optional(text(), 'Who we are there.', 'no credentials are sent'),
    password: optional(secret(flawOfSecret), 'Our password there.', 'needed with `username`'),
    ca: optional(
      certificateFile(),
      "PEM file of the authorities to trust for an `https` proxy instead of the system's.",
      "the system's",
    ),
  });
}

/** Becomes an origin. */
function parseProxyUrl(written: string): Result<string, string> {
  if (/^https?:\/\/[^/?#]*@/.test(written))
    return fail('holds credentials; write them as `username` and `password` beside `url`');
  const url = parseHttpUrl(written);
  if (!url.ok) return fail('is not the URL of a proxy; write it as in http://proxy.example.com:3128');
  const { origin, pathname, search } = new URL(written);
  return pathname === '/' && search === '' ? succeed(origin) : fail('has more than scheme, host and port');
}
