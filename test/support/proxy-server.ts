/**
 * A forward proxy that opens tunnels (CONNECT), or does not, as a test asks.
 *
 * In: what to do with the tunnels asked for. Out: what was asked, with which credentials.
 * Never: anything but CONNECT; a socket left open after `stop`.
 */
import { createServer as createPlainServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';

export interface ProxyServer {
  /** `http://127.0.0.1:port`, `https://…` with `tls`. */
  readonly origin: string;
  readonly port: number;
  /** Every tunnel asked for since the start. */
  readonly tunnels: readonly AskedTunnel[];
  /** All that went to the servers, as it was on the proxy. */
  readonly seen: () => string;
  readonly answer: (answer: TunnelAnswer) => void;
  readonly stop: () => Promise<void>;
}

export interface AskedTunnel {
  /** `idp.example.com:443` */
  readonly to: string;
  readonly authorization: string | null;
}

export type TunnelAnswer =
  | { readonly kind: 'open' }
  /** Only with these credentials; 407 otherwise. */
  | { readonly kind: 'guarded'; readonly username: string; readonly password: string }
  | { readonly kind: 'refuse'; readonly status: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }
  /** Not HTTP. */
  | { readonly kind: 'garbage' };

/** Every name leads to this host: the proxy resolves for itself. */
export async function startProxyServer(
  tls: { readonly cert: string; readonly key: string } | null = null,
): Promise<ProxyServer> {
  const tunnels: AskedTunnel[] = [];
  const sockets = new Set<Duplex>();
  const seen: Buffer[] = [];
  let current: TunnelAnswer = { kind: 'open' };

  const server = tls === null ? createPlainServer() : createTlsServer(tls);
  server.on('request', (_request, response) => void response.writeHead(405).end());
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    keep(socket);
    const to = request.url ?? '';
    tunnels.push({ to, authorization: request.headers['proxy-authorization'] ?? null });
    play(socket, to, request.headers['proxy-authorization'] ?? '');
  });
  server.on('connection', keep);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    origin: `${tls === null ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    tunnels,
    seen: () => Buffer.concat(seen).toString('latin1'),
    answer: (answer) => void (current = answer),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };

  function keep(socket: Duplex): void {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  }

  function play(socket: Duplex, to: string, authorization: string): void {
    switch (current.kind) {
      case 'open':
        open(socket, to);
        return;
      case 'guarded': {
        const { username, password } = current;
        const wanted = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
        if (authorization === wanted) open(socket, to);
        else refuse(socket, 407);
        return;
      }
      case 'refuse':
        refuse(socket, current.status);
        return;
      case 'hang':
        return;
      case 'reset':
        socket.destroy();
        return;
      case 'garbage':
        socket.end('220 mail.example ESMTP\r\n');
    }
  }

  function refuse(socket: Duplex, status: number): void {
    socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
  }

  function open(socket: Duplex, to: string): void {
    const upstream = connect({ host: '127.0.0.1', port: Number(to.split(':').at(-1)) }, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.on('data', (chunk: Buffer) => seen.push(chunk));
      socket.pipe(upstream).pipe(socket);
    });
    keep(upstream);
    upstream.on('error', () => refuse(socket, 502));
    upstream.on('close', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  }
}
