/** The service behind the gateway: remembers what it received and shows it to whoever asked. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Upstream {
  readonly port: number;
  /** In order of arrival. */
  readonly requests: readonly UpstreamRequest[];
  readonly close: () => Promise<void>;
}

/** What reached the upstream; also the JSON body of its answers. */
export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value … as they arrived: repeated lines and odd spellings stay visible. */
  readonly rawHeaders: readonly string[];
}

/** Answers every request with 200 and the request as JSON. */
export async function startUpstream(port = 0): Promise<Upstream> {
  const requests: UpstreamRequest[] = [];
  const server = createServer({ maxHeaderSize: 1 << 20 }, (request, response) => {
    const { method = '', url: path = '', headers, rawHeaders } = request;
    const seen: UpstreamRequest = { method, path, headers, rawHeaders };
    requests.push(seen);
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(`${JSON.stringify(seen)}\n`);
  });
  // Node's own limit is 2000 fields; what arrives is to be shown whole.
  server.maxHeadersCount = 0;

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
