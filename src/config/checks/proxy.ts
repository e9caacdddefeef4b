import { atKey, atValue, type Finding } from '../finding.ts';
import { at, isGiven, mapOf, type Raw, textOf } from './raw.ts';

/** Whether what the long form of a proxy says goes together. */
export function checkProxy(proxy: Raw): readonly Finding[] {
  if (mapOf(proxy) === null) return [];
  const [url, username, password, ca] = [
    at(proxy, 'url'),
    at(proxy, 'username'),
    at(proxy, 'password'),
    at(proxy, 'ca'),
  ];
  const found: Finding[] = [];
  if (isGiven(username) && !isGiven(password))
    found.push(atKey(password.path, 'is missing; write { env: NAME } or { file: PATH }'));
  if (isGiven(password) && !isGiven(username))
    found.push(atKey(username.path, 'is missing, which `password` belongs to'));
  if (textOf(username)?.includes(':') === true)
    found.push(atValue(username.path, 'holds a colon, which would end it (RFC 7617 section 2)'));
  if (isGiven(ca) && /^http:/i.test(textOf(url) ?? ''))
    found.push(atKey(ca.path, 'has no meaning with an http proxy; remove it, or write https in `url`'));
  return found;
}
