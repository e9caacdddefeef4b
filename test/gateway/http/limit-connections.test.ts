import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import { milliseconds } from '../../../src/domain/index.ts';
import { limitConnections } from '../../../src/gateway/http/limit-connections.ts';
import { eventually } from '../../support/processes.ts';
import { ask } from './ask.ts';
import { anAllow, nginxHeaders, openDoor } from './builders.ts';

const open: { readonly end: () => unknown }[] = [];
afterEach(async () => {
  for (const { end } of open.splice(0).reverse()) await end();
});

/** An idle connection, and whether the other side has closed it. */
function idleAt(port: number): Promise<{ readonly socket: Socket; readonly isClosed: () => boolean }> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let isClosed = false;
    socket.on('error', () => undefined);
    socket.on('close', () => (isClosed = true));
    socket.resume();
    socket.on('connect', () => resolve({ socket, isClosed: () => isClosed }));
    open.push({ end: () => socket.destroy() });
  });
}

describe('the connections of an HTTP door (T-61)', () => {
  it('are closed at once above the cap, which is told, and are welcome again below it', async () => {
    const { door, port, events } = await openDoor(() => anAllow(), { connections: 2 });
    open.push({ end: () => door.close(milliseconds(0)) });
    const [first] = [await idleAt(port), await idleAt(port)];
    const third = await idleAt(port);
    await eventually('the third to be closed', () => (third.isClosed() ? true : null));
    expect(events).toEqual([{ event: 'connection_refused', door: 'http:nginx', cause: 'full' }]);

    first.socket.destroy();
    await eventually('an answer', async () => {
      const reply = await ask({ port }, { headers: nginxHeaders() }).catch(() => null);
      return reply?.status === 200 ? true : null;
    });
  });

  it('of strangers have few places, so that they cannot keep the fronts out', async () => {
    let isKnown = false;
    const refused: string[] = [];
    const server: Server = createServer((_request, response) => void response.end());
    limitConnections(server, {
      most: 4096,
      isKnown: () => isKnown,
      onRefused: (cause) => void refused.push(cause),
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    open.push({ end: () => server.close().closeAllConnections() });
    const { port } = server.address() as AddressInfo;

    const strangers: Awaited<ReturnType<typeof idleAt>>[] = [];
    for (let count = 0; count < 66; count += 1) strangers.push(await idleAt(port));
    await eventually('two to be closed', () => (refused.length === 2 ? true : null));
    expect(refused).toEqual(['strangers', 'strangers']);
    await eventually('their ends to be seen', () =>
      strangers.filter(({ isClosed }) => isClosed()).length === 2 ? true : null,
    );

    isKnown = true;
    expect((await ask({ port }, { headers: ['Host', 'h'] })).status).toBe(200);
  });

  it('are those of strangers when their addresses are not among `trustedPeers`', async () => {
    const { door, port, events } = await openDoor(() => anAllow(), { trustedPeers: ['192.0.2.0/24'] });
    open.push({ end: () => door.close(milliseconds(0)) });
    for (let count = 0; count < 65; count += 1) await idleAt(port);
    await eventually('one to be refused', () => (events.length > 0 ? true : null));
    expect(events).toEqual([{ event: 'connection_refused', door: 'http:nginx', cause: 'strangers' }]);
  });
});
