import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import {
  type ClientContext,
  type DocumentShelf,
  epochMilliseconds,
  type HouseEvent,
} from '../../src/domain/index.ts';
import { createDocumentCopies } from '../../src/introspection/discovery/document-copies.ts';
import { type Answer, type FaultServer, json, startFaultServer, status } from '../support/fault-server.ts';
import { aDiscoveringClient, openScene, outcomeOf, type Scene } from './scene.ts';

const PLACE = '/.well-known/oauth-authorization-server';

/** What outlives every process here. */
function aShelf(): DocumentShelf & { readonly documents: Map<string, Buffer> } {
  const documents = new Map<string, Buffer>();
  return {
    documents,
    recall: async (name) => documents.get(name) ?? null,
    keep: async (name, document) => void documents.set(name, document),
  };
}

let server: FaultServer;
let shelf: ReturnType<typeof aShelf>;
let scenes: Scene[];
beforeEach(async () => {
  server = await startFaultServer();
  server.on('/introspect', json({ active: true }));
  shelf = aShelf();
  scenes = [];
});
afterEach(async () => {
  await Promise.all(scenes.map((scene) => scene.introspector.close()));
  await server.stop();
});

const aDocument = (differing: Readonly<Record<string, unknown>> = {}) => ({
  issuer: server.origin,
  introspection_endpoint: server.url('/introspect'),
  ...differing,
});
const here = (differing: Partial<ClientContext> = {}) => aDiscoveringClient(server.origin, differing);

/** A process that was just started. */
function start(documents: DocumentShelf | null = shelf): Scene {
  const scene = openScene({ documents: () => documents });
  scenes.push(scene);
  return scene;
}
const refreshesOf = ({ events }: Scene) =>
  events.filter((event): event is Extract<HouseEvent, { event: 'metadata_refreshed' }> => {
    return event.event === 'metadata_refreshed';
  });

/** A process has read this document, and is gone. */
async function leaveBehind(document: Readonly<Record<string, unknown>>, client = here()): Promise<void> {
  server.on(PLACE, json(document));
  expect((await start().prepare(client)).ok).toBe(true);
  while (shelf.documents.size === 0) await new Promise(setImmediate);
}

describe('a restart while the metadata cannot be had', () => {
  it.each<[string, Answer]>([
    ['500', status(500)],
    ['503', status(503)],
    ['429', status(429)],
  ])('goes on with the copy after %s, and says so', async (_what, answer) => {
    await leaveBehind(aDocument());
    server.on(PLACE, answer);
    const restarted = start();
    expect(outcomeOf(await restarted.ask(here()))).toBe('active');
    expect(refreshesOf(restarted)).toMatchObject([
      {
        outcome: 'metadata_unavailable',
        detail: expect.stringMatching(/; a copy from the shared store serves meanwhile$/),
      },
    ]);
    expect(restarted.introspector.status()).toMatchObject({
      main: { metadata: { ageMs: null, failures: 1, nextInMs: expect.any(Number) } },
    });
  });

  it('goes on with nothing where there is no shelf, or nothing on it', async () => {
    server.on(PLACE, status(500));
    expect(outcomeOf(await start().ask(here()))).toBe('metadata_unavailable');
    expect(outcomeOf(await start(null).ask(here()))).toBe('metadata_unavailable');
  });

  it.each<[string, Answer]>([
    ['404', status(404)],
    ['403', status(403)],
    ['another issuer', json({ issuer: 'https://idp.example' })],
  ])('uses no copy when a server is there and says %s', async (_what, answer) => {
    await leaveBehind(aDocument());
    server.on(PLACE, answer);
    expect(outcomeOf(await start().ask(here()))).toMatch(/^metadata_/);
  });

  it.each<[string, (client: ClientContext) => ClientContext]>([
    ['the client has another name', (client) => ({ ...client, name: 'other' })],
    ['it trusts other authorities', (client) => ({ ...client, tls: { ...client.tls, ca: 'x' } })],
    [
      'it connects elsewhere',
      (client) => ({ ...client, connectTo: { host: '127.0.0.1', port: server.port, serverName: null } }),
    ],
  ])('uses no copy when %s', async (_what, changed) => {
    await leaveBehind(aDocument());
    server.on(PLACE, status(500));
    expect(outcomeOf(await start().ask(changed(here())))).toBe('metadata_unavailable');
  });

  it('reads the copy as strictly as the document: what the settings no longer permit is refused', async () => {
    const other = await startFaultServer();
    const consenting = here({ endpointOrigins: [other.origin] });
    await leaveBehind(aDocument({ introspection_endpoint: other.url('/introspect') }), consenting);
    server.on(PLACE, status(500));
    expect(outcomeOf(await start().ask(here()))).toBe('metadata_unavailable');
    expect((await start().prepare(consenting)).ok).toBe(true);
    expect(other.connections()).toBe(0);
    await other.stop();
  });

  it('believes no copy whose issuer is another (META-4), nor one that is cut', async () => {
    await leaveBehind(aDocument());
    server.on(PLACE, status(500));
    const [name] = [...shelf.documents.keys()];
    const kept = shelf.documents.get(name!)!;
    for (const bad of [
      Buffer.concat([
        kept.subarray(0, 8),
        Buffer.from(JSON.stringify({ ...aDocument(), issuer: 'https://x' })),
      ]),
      kept.subarray(0, kept.length - 1),
      kept.subarray(0, 8),
      Buffer.alloc(0),
    ]) {
      shelf.documents.set(name!, bad);
      expect(outcomeOf(await start().ask(here()))).toBe('metadata_unavailable');
    }
  });

  it('prefers what it has in hand: a copy is for those who have nothing', async () => {
    const scene = start();
    await leaveBehind(aDocument());
    server.on(PLACE, json(aDocument({ introspection_endpoint: server.url('/newer') })));
    server.on('/newer', json({ active: true }));
    expect(outcomeOf(await scene.ask(here()))).toBe('active');
    expect(server.requests.at(-1)?.path).toBe('/newer');
  });
});

describe('a copy', () => {
  it('is not replaced by an older document, whichever replica comes last', async () => {
    const at = (now: number) => createDocumentCopies(shelf, { now: () => epochMilliseconds(now) });
    await at(2_000).keep(here(), Buffer.from('newer'));
    await at(1_000).keep(here(), Buffer.from('older'));
    expect(await at(1_000).recall(here())).toEqual(Buffer.from('newer'));
    await at(3_000).keep(here(), Buffer.from('newest'));
    expect(await at(1_000).recall(here())).toEqual(Buffer.from('newest'));
  });
});
