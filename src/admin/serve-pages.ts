import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { URLSearchParams } from 'node:url';

import { fail, type Observe, type OperatorRefusal } from '../domain/index.ts';
import { type Action, type Actions, isFromBrowser, readBody } from './actions.ts';
import type { Identify } from './operator.ts';
import type { Page, Pages, ShownPage } from './pages.ts';

export interface ServePagesParts {
  readonly pages: Pages;
  /** Left out: none. */
  readonly actions?: Actions;
  /** Whether whoever is connected may ask at all. Left out: everybody. */
  readonly admits?: (request: IncomingMessage) => boolean;
  /** Who asks. Left out: nobody can tell, and nobody has to. */
  readonly identify?: Identify;
  readonly observe?: Observe;
}

/**
 * Shows pages to whoever asks with GET or HEAD, and has done what operators ask with POST.
 *
 * Never: a page under a path that is not in the table, a word of the request or of an exception, a header that lets a
 * web page of another origin read it; an action without proof of who asks.
 */
export function createServePages(parts: ServePagesParts): RequestListener {
  const { pages, actions = new Map<string, Action>(), identify = null } = parts;
  const { admits = () => true, observe = () => undefined } = parts;
  const paths = [...pages.keys(), ...actions.keys()].join(' ');

  return function servePages(request, response) {
    void serve(request, response)
      .catch(() => {
        if (response.headersSent) response.destroy();
        else send(response, { status: 500, contentType: PLAIN, body: 'this cannot be done right now\n' });
      })
      // What was not read would block the connection.
      .finally(() => request.resume());
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const page = pages.get(path);
    const action = actions.get(path);
    // What a stranger writes is not repeated in a line.
    if (!admits(request))
      refuse(response, paths.split(' ').includes(path) ? path : 'another', 'peer_not_allowed');
    else if (page !== undefined) await show(page, { path, query, request, response });
    else if (action !== undefined) await act(action, { path, query, request, response });
    else send(response, { status: 404, contentType: PLAIN, body: `there is: ${paths}\n` });
  }

  async function show({ make, isGuarded }: ShownPage, asked: Asked): Promise<void> {
    const { path, query, request, response } = asked;
    const who = isGuarded && identify !== null ? identify(request) : null;
    if (request.method !== 'GET' && request.method !== 'HEAD') methodNotAllowed(response, 'GET, HEAD');
    // Where nothing is asked for, pages are open as the door is.
    else if (who?.ok === false && who.failure !== 'not_configured') refuse(response, path, who.failure);
    else send(response, await make(new URLSearchParams(query)));
  }

  async function act(action: Action, { path, request, response }: Asked): Promise<void> {
    const who = identify?.(request) ?? fail('not_configured');
    if (request.method !== 'POST') methodNotAllowed(response, 'POST');
    else if (isFromBrowser(request)) refuse(response, path, 'from_a_browser');
    else if (!who.ok) refuse(response, path, who.failure);
    else {
      const body = await readBody(request);
      const answer = body.ok ? await action(body.value, who.value) : body.failure;
      const text = `${JSON.stringify(answer.body, null, 2)}\n`;
      send(response, { status: answer.status, contentType: JSON_TYPE, body: text });
    }
  }

  function refuse(response: ServerResponse, path: string, cause: OperatorRefusal): void {
    observe({ event: 'operator_refused', path, cause });
    const { status, text } = REFUSALS[cause];
    if (status === 401) response.setHeader('www-authenticate', 'Bearer realm="gatehouse admin"');
    send(response, { status, contentType: PLAIN, body: `${text}\n` });
  }
}

interface Asked {
  readonly path: string;
  readonly query: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const REFUSALS = {
  not_configured: {
    status: 403,
    text: 'actions are off: set listen.admin.auth.bearer, or listen.admin.tls with clientCa, and restart',
  },
  credentials_missing: {
    status: 401,
    text: 'show the secret of listen.admin.auth.bearer: Authorization: Bearer …',
  },
  credentials_wrong: { status: 401, text: 'this is not the secret of listen.admin.auth.bearer' },
  peer_not_allowed: { status: 403, text: 'listen.admin.tls.allowedPeers names nobody of this certificate' },
  from_a_browser: { status: 403, text: 'actions are not for browsers' },
} as const satisfies Readonly<Record<OperatorRefusal, { readonly status: 401 | 403; readonly text: string }>>;

const PLAIN = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

function methodNotAllowed(response: ServerResponse, methods: string): void {
  response.setHeader('allow', methods);
  send(response, { status: 405, contentType: PLAIN, body: `${methods.replace(', ', ' or ')}\n` });
}

interface Sent extends Omit<Page, 'status'> {
  readonly status: number;
}

function send(response: ServerResponse, { status, contentType, body }: Sent): void {
  response
    .writeHead(status, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(body);
}
