/** Baseline (e): node:http with a constant answer of the size of ours. */
import { createServer } from 'node:http';

import { sayPort } from './say-port.ts';

const HEADERS = [
  ...['subject', 'client', 'scope', 'issuer', 'tenant', 'groups'].flatMap((name) => [
    `x-auth-${name}`,
    `value-of-${name}`,
  ]),
  'cache-control',
  'no-store',
  'content-length',
  '0',
];
const server = createServer({ keepAliveTimeout: 65_000 }, (_request, response) => {
  response.sendDate = false;
  response.writeHead(200, HEADERS);
  response.end();
});
server.listen(0, '127.0.0.1', () => sayPort(server.address()));
