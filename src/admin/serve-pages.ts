import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { URLSearchParams } from 'node:url';

import type { Pages } from './pages.ts';

/**
 * Shows pages to whoever asks with GET or HEAD.
 *
 * Never: a page under a path that is not in the table, a word of the request or of an exception, a header that lets a
 * web page of another origin read it.
 */
export function createServePages(pages: Pages): RequestListener {
  return function servePages(request, response) {
    // What comes with a request is of no use here; unread it would block the connection.
    request.resume();
    void show(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else send(response, 500, PLAIN, 'this page cannot be made right now\n');
    });
  };

  async function show({ method, url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', query = ''] = url.split('?');
    const makePage = pages.get(path);
    if (makePage === undefined) {
      send(response, 404, PLAIN, `there is: ${[...pages.keys()].join(' ')}\n`);
      return;
    }
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      send(response, 405, PLAIN, 'GET or HEAD\n');
      return;
    }
    const { status, contentType, body } = await makePage(new URLSearchParams(query));
    send(response, status, contentType, body);
  }
}

const PLAIN = 'text/plain; charset=utf-8';

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response
    .writeHead(status, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(body);
}
