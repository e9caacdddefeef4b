import { Agent, request, type RequestOptions } from 'node:http';
import { connect } from 'node:net';

export interface Reply {
  readonly status: number;
  /** Repeated lines joined with ` | `. Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Local port of the connection, to tell whether two replies shared one. */
  readonly connection: number;
}

/** One HTTP request with exactly these header lines (name, value, name, value …). */
export function ask(
  where: { readonly port: number } | { readonly socketPath: string },
  options: {
    method?: string;
    path?: string;
    headers?: readonly string[];
    body?: string | Buffer;
    agent?: Agent;
  } = {},
): Promise<Reply> {
  const { method = 'GET', path = '/', headers = [], body, agent } = options;
  const asked: RequestOptions = {
    ...('port' in where ? { host: '127.0.0.1', port: where.port } : { socketPath: where.socketPath }),
    method,
    path,
    headers: [...headers],
    setHost: false,
    agent: agent ?? new Agent({ keepAlive: false }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(asked, (response) => {
      const connection = response.socket.localPort ?? 0;
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (text += piece));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: joined(response.rawHeaders),
          body: text,
          connection,
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Writes bytes as they are and gives what came back, with the error code at its end if there was one. */
export function exchange(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      received += piece;
      socket.end();
    });
    socket.on('error', (error) => (received += `[${(error as NodeJS.ErrnoException).code ?? error.name}]`));
    socket.on('close', () => resolve(received));
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  });
}

function joined(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    const value = rawHeaders[index + 1]!;
    headers[name] = name in headers ? `${headers[name]} | ${value}` : value;
  }
  return headers;
}
