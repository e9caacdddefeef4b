/**
 * An authorization server that answers introspection at once or after a delay, and counts.
 *
 * `POST /introspect`; good tokens are told by `standingOf`. `GET /counts` says how many enquiries and connections there were.
 * `PUT /delay?ms=5` sets the delay.
 */
import { createServer } from 'node:http';

import { sayPort } from './baselines/say-port.ts';
import { standingOf, subjectOf } from './load/tokens.ts';

const counts = { enquiries: 0, connections: 0 };
let delay = 0;

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const send = (answer: object): void => {
    const text = JSON.stringify(answer);
    response.writeHead(200, [
      'content-type',
      'application/json',
      'content-length',
      String(Buffer.byteLength(text)),
    ]);
    response.end(text);
  };
  if (pathname === '/counts') {
    send(counts);
    return;
  }
  if (pathname === '/delay') {
    delay = Number(searchParams.get('ms'));
    send({ delay });
    return;
  }
  let form = '';
  request.setEncoding('latin1');
  request.on('data', (chunk: string) => (form += chunk));
  request.on('end', () => {
    counts.enquiries += 1;
    const token = new URLSearchParams(form).get('token') ?? '';
    const answer = standingOf(token) === 'good' ? activeAnswer(token) : { active: false };
    if (delay === 0) send(answer);
    else setTimeout(send, delay, answer);
  });
});
server.on('connection', () => (counts.connections += 1));
server.listen(0, '127.0.0.1', 2_048, () => sayPort(server.address()));

/** About 400 bytes, as servers in the wild answer. */
function activeAnswer(token: string): object {
  const now = Math.floor(Date.now() / 1_000);
  return {
    active: true,
    sub: subjectOf(token),
    client_id: 'web-frontend',
    username: 'someone@example.com',
    scope: 'openid profile orders:read orders:write',
    aud: ['https://api.example.com'],
    iss: 'https://idp.example.com',
    exp: now + 3_600,
    iat: now - 60,
    nbf: now - 60,
    token_type: 'Bearer',
    tenant: 'acme',
    groups: ['staff', 'orders', 'eu-west'],
    jti: `${token.slice(-8)}-7b1f-4f0e-9c55-0d8a53a1`,
  };
}
