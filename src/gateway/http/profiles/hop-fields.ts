/**
 * Fields about the connection between front and door (RFC 9110 section 7.6.1) and about the message on it. Whatever the
 * client sent under these names, what arrives here is the front's.
 */
export const HOP_FIELDS: readonly string[] = [
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
