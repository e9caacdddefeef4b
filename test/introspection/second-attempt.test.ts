import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { milliseconds } from '../../src/domain/index.ts';
import {
  type Answer,
  type FaultServer,
  html,
  json,
  raw,
  reset,
  silence,
  startFaultServer,
  status,
} from '../support/fault-server.ts';
import { aClientOf, openScene, outcomeOf, type Scene } from './scene.ts';

const ACTIVE = json({ active: true });

let server: FaultServer;
let scene: Scene;

beforeAll(async () => {
  server = await startFaultServer();
});
afterAll(() => server.stop());
beforeEach(() => {
  scene = openScene();
  server.forget();
  server.always(ACTIVE);
});
afterEach(() => scene.introspector.close());

const clientHere = (introspection: { timeout?: number; retry?: boolean } = {}) =>
  aClientOf(server.url('/introspect'), {
    introspection: {
      retry: introspection.retry ?? true,
      timeout: milliseconds(introspection.timeout ?? 5_000),
    },
  });
const cutShort = raw('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{');

describe('a second attempt', () => {
  it.each<[string, Answer]>([
    ['a reset', reset()],
    ['a connection that ends', raw('')],
    ['a connection that dies within the answer', cutShort],
    ['502', status(502)],
    ['503', status(503)],
    ['504', status(504)],
  ])('follows %s where `retry` is set, and its answer counts', async (_what, answer) => {
    server.next(answer);
    expect(outcomeOf(await scene.ask(clientHere()))).toBe('active');
    expect(server.requests).toHaveLength(2);
    expect(scene.events).toMatchObject([{ event: 'introspected', outcome: 'active' }]);
  });

  it.each<[string, Answer]>([
    ['a reset', reset()],
    ['503', status(503)],
    ['a connection that dies within the answer', cutShort],
  ])('does not follow %s where it is not set, which is the standard', async (_what, answer) => {
    server.next(answer);
    expect(outcomeOf(await scene.ask(clientHere({ retry: false })))).toMatch(/^introspection_/);
    expect(server.requests).toHaveLength(1);
  });

  it.each<[string, Answer, string]>([
    ['500', status(500), 'introspection_server_error'],
    ['429', status(429), 'introspection_throttled'],
    ['503 with Retry-After', status(503, { headers: { 'retry-after': '1' } }), 'introspection_server_error'],
    ['401', status(401), 'credentials_refused'],
    ['a login page', html(), 'introspection_content_type'],
    ['what is not HTTP', raw('220 mail.example ESMTP\r\n'), 'introspection_unreadable'],
  ])('never follows %s', async (_what, answer, reason) => {
    server.next(answer);
    expect(outcomeOf(await scene.ask(clientHere()))).toBe(reason);
    expect(server.requests).toHaveLength(1);
  });

  it('never follows a timeout, nor a failure after half the time', async () => {
    server.next(silence(), json({}, { status: 503, delayMs: 400 }));
    expect(outcomeOf(await scene.ask(clientHere({ timeout: 100 })))).toBe('introspection_timeout');
    const late = await scene.ask(clientHere({ timeout: 600 }), 'token-2');
    expect(outcomeOf(late)).toBe('introspection_server_error');
    expect(server.requests).toHaveLength(2);
  });

  it('is the last one, and ends with the budget of the enquiry', async () => {
    server.next(status(503), reset());
    expect(outcomeOf(await scene.ask(clientHere()))).toBe('introspection_unreachable');
    expect(server.requests).toHaveLength(2);
    server.next(status(503), silence());
    expect(outcomeOf(await scene.ask(clientHere({ timeout: 400 }), 'token-2'))).toBe('introspection_timeout');
    expect(server.requests).toHaveLength(4);
  });

  it('is made only while the endpoint is not suspended', async () => {
    server.always(status(503));
    const client = clientHere();
    await Promise.all(Array.from({ length: 30 }, (_, index) => scene.ask(client, `token-${index}`)));
    server.forget();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(outcomeOf(await scene.ask(client, 'probe'))).toBe('introspection_server_error');
    expect(server.requests).toHaveLength(1);
  });
});
