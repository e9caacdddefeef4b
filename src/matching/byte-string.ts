/** Text of the settings as the wire carries it: UTF-8, one character for each byte, as in `RequestContext`. */
export function byteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
