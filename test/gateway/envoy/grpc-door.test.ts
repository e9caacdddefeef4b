import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, type IncomingHttpHeaders, type Settings } from 'node:http2';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { afterEach, describe, expect, it } from '@jest/globals';
import { ChannelCredentials, status as rpcStatus } from '@grpc/grpc-js';

import { type Decision, milliseconds, Secret } from '../../../src/domain/index.ts';
import type { GrpcDoor } from '../../../src/gateway/envoy/index.ts';
import { CONNECTION_LIMITS } from '../../../src/gateway/envoy/limits.ts';
import { createAuthority } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/processes.ts';
import { aDenial, anAllow } from './builders.ts';
import { type Caller, callerOf, openDoor, type OpenedDoor } from './caller.ts';
import { checkOf, field, mappedHeader } from './wire.ts';

const A_CHECK = checkOf(field(2, 'GET'), field(4, '/orders'), field(5, 'api.example.com'));
const MIB = 1024 * 1024;
const ALLOWED = { status: { code: 0 }, httpResponse: 'okResponse' };
const DENIED_503 = { status: { code: 14 }, deniedResponse: { status: { code: 'ServiceUnavailable' } } };

const leftOpen: (() => unknown)[] = [];

const portOf = (door: GrpcDoor): number => (door.address.kind === 'tcp' ? door.address.port : 0);

describe.each(['grpc-js', 'http2'] as const)('over %s', (transport) => {
  afterEach(async () => {
    for (const close of leftOpen.splice(0).reverse()) await close();
  });

  async function aDoor(...given: Parameters<typeof openDoor>): Promise<OpenedDoor> {
    const [check, differing, limits] = given;
    const opened = await openDoor(check, { transport, ...differing }, limits);
    leftOpen.push(() => opened.door.close(milliseconds(0)));
    return opened;
  }

  function aCaller(door: GrpcDoor, credentials?: ChannelCredentials): Caller {
    const caller = callerOf(door.address, credentials);
    leftOpen.push(caller.close);
    return caller;
  }

  describe('a check over gRPC', () => {
    it('is allowed with its mutations', async () => {
      const { door, contexts } = await aDoor(() => anAllow());
      expect(await aCaller(door).ask(A_CHECK)).toMatchObject({
        ...ALLOWED,
        okResponse: { headers: [{ header: { key: 'x-auth-subject', value: 'alice' } }] },
      });
      expect(contexts).toMatchObject([
        { door: 'grpc', method: 'GET', path: '/orders', host: 'api.example.com' },
      ]);
    });

    it('is denied with an answer, not with an RPC error', async () => {
      const { door } = await aDoor(async () => aDenial('credential_missing'));
      expect(await aCaller(door).ask(A_CHECK)).toMatchObject({
        status: { code: 16 },
        deniedResponse: { status: { code: 'Unauthorized' }, body: 'The authorization token is required' },
      });
    });

    it.each<readonly [string, () => Decision | Promise<Decision>]>([
      [
        'throws',
        () => {
          throw new Error('upset');
        },
      ],
      ['rejects', () => Promise.reject(new Error('upset'))],
    ])('is denied with 503 when the check %s, and the door goes on', async (_how, fail) => {
      let isUpset = true;
      const { door } = await aDoor(() => (isUpset ? fail() : anAllow()));
      const caller = aCaller(door);
      expect(await caller.ask(A_CHECK)).toMatchObject(DENIED_503);
      isUpset = false;
      expect(await caller.ask(A_CHECK)).toMatchObject(ALLOWED);
    });

    it('is denied before the deadline of the caller although the check hangs (ENV-3, G21)', async () => {
      const { door, events } = await aDoor(() => new Promise(() => undefined), {
        wait: () => ({ max: milliseconds(10_000), margin: milliseconds(1_500) }),
      });
      expect(await aCaller(door).ask(A_CHECK, { deadline: Date.now() + 2_000 })).toMatchObject(DENIED_503);
      expect(events).toMatchObject([{ event: 'decided', decision: { reason: 'wait_exceeded' } }]);
    });

    it('may wait for the deadline less the margin and no longer', async () => {
      const { door, contexts } = await aDoor(() => anAllow());
      const before = performance.now();
      await aCaller(door).ask(A_CHECK, { deadline: Date.now() + 1_000 });
      const waitMs = (contexts[0]?.waitUntil ?? 0) - before;
      expect(waitMs).toBeLessThan(performance.now() - before + 1_000);
      expect(waitMs).toBeGreaterThan(0);
    });

    it('that is cancelled frees the caller and not the enquiry', async () => {
      const verdict = Promise.withResolvers<Decision>();
      const asked = Promise.withResolvers<null>();
      const left = Promise.withResolvers<null>();
      const { door, events } = await aDoor(() => {
        asked.resolve(null);
        return verdict.promise;
      });
      const call = aCaller(door).begin(A_CHECK, () => left.resolve(null));
      await asked.promise;
      call.cancel();
      await left.promise;
      await until(() => events.length > 0);
      verdict.resolve(anAllow());
      await verdict.promise;
      expect(events).toEqual([{ event: 'caller_left', door: 'grpc' }]);
    });

    it('is answered to the next caller after one has left', async () => {
      const { door } = await aDoor(async () => anAllow());
      const caller = aCaller(door);
      caller.begin(A_CHECK, () => undefined).cancel();
      expect(await caller.ask(A_CHECK)).toMatchObject(ALLOWED);
    });

    it.each([
      ['a message over 8 MiB', checkOf(field(12, Buffer.alloc(9 * MIB))), 'PayloadTooLarge'],
      [
        'headers of 200 KiB',
        checkOf(mappedHeader('x-a', 'a'.repeat(200 * 1024))),
        'RequestHeaderFieldsTooLarge',
      ],
      ['bytes that are no message', Buffer.from('GET / HTTP/1.1'), 'BadRequest'],
    ])('with %s is denied with an answer', async (_what, bytes, status) => {
      const { door, contexts } = await aDoor(() => anAllow());
      expect(await aCaller(door).ask(bytes)).toMatchObject({ deniedResponse: { status: { code: status } } });
      expect(contexts).toEqual([]);
    });

    it('over 16 MiB is an RPC error, of the transport', async () => {
      const { door } = await aDoor(() => anAllow());
      const caller = aCaller(door);
      await expect(caller.ask(checkOf(field(12, Buffer.alloc(16 * MIB))))).rejects.toMatchObject({
        code: rpcStatus.RESOURCE_EXHAUSTED,
      });
      expect(await caller.ask(A_CHECK)).toMatchObject(ALLOWED);
    });

    it.each([
      '/envoy.service.auth.v3.Authorization/Other',
      '/envoy.service.auth.v2.Authorization/Check',
      '/envoy.service.auth.v3.Authorization/Check/',
      '/',
    ])('does not hide behind the path %s', async (path) => {
      const { door, contexts, events } = await aDoor(() => anAllow());
      await expect(aCaller(door).askMethod(path, A_CHECK)).rejects.toMatchObject({
        code: rpcStatus.UNIMPLEMENTED,
      });
      expect([contexts, events]).toEqual([[], []]);
    });

    it('is one of at least a thousand that a connection may carry at a time, and is never compressed', async () => {
      const { door } = await aDoor(() => anAllow());
      const session = connectHttp2(`http://127.0.0.1:${portOf(door)}`);
      leftOpen.push(() => session.destroy());
      const [settings] = (await once(session, 'remoteSettings')) as [Settings];
      expect(settings.maxConcurrentStreams).toBeGreaterThanOrEqual(1_000);

      const stream = session.request({
        ':method': 'POST',
        ':path': '/envoy.service.auth.v3.Authorization/Check',
        'content-type': 'application/grpc',
        'grpc-accept-encoding': 'gzip',
      });
      stream.end(Buffer.concat([Buffer.of(0, 0, 0, 0, A_CHECK.length), A_CHECK]));
      const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
      const [frame] = (await once(stream, 'data')) as [Buffer];
      expect([headers['grpc-encoding'], frame[0]]).toEqual(['identity', 0]);
    });

    it('is answered after hostile bytes on other connections (T-56)', async () => {
      const { door } = await aDoor(() => anAllow());
      for (const bytes of [
        Buffer.from('GET / HTTP/1.1\r\n\r\n'),
        Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + '\xff'.repeat(64), 'latin1'),
        Buffer.alloc(70_000, 0xff),
      ]) {
        const socket = connect(portOf(door), '127.0.0.1');
        socket.on('error', () => undefined);
        socket.resume();
        socket.write(bytes);
        await once(socket, 'close');
      }
      expect(await aCaller(door).ask(A_CHECK)).toMatchObject(ALLOWED);
    });
  });

  describe('health of the gRPC door', () => {
    it('is not serving until told, for the server and for the service', async () => {
      const { door } = await aDoor(() => anAllow());
      const caller = aCaller(door);
      expect(await caller.health('')).toBe('NOT_SERVING');
      door.setServing(true);
      expect(await caller.health('')).toBe('SERVING');
      expect(await caller.health('envoy.service.auth.v3.Authorization')).toBe('SERVING');
      door.setServing(false);
      expect(await caller.health('envoy.service.auth.v3.Authorization')).toBe('NOT_SERVING');
    });

    it('is not found for any other service', async () => {
      const { door } = await aDoor(() => anAllow());
      await expect(aCaller(door).health('other')).rejects.toMatchObject({ code: rpcStatus.NOT_FOUND });
    });

    it('is told to watchers at each change, and their streams end when the door closes', async () => {
      const { door } = await aDoor(() => anAllow());
      const seen: string[] = [];
      for await (const { status } of aCaller(door).watch('')) {
        seen.push(status);
        if (seen.length === 1) door.setServing(true);
        if (seen.length === 2) void door.close(milliseconds(10_000));
      }
      expect(seen).toEqual(['NOT_SERVING', 'SERVING', 'NOT_SERVING']);
    });
  });

  describe('TLS on the gRPC door', () => {
    const authority = createAuthority();
    const other = createAuthority('Another authority');
    const trusting = ({ ca }: { ca: string }): ChannelCredentials =>
      ChannelCredentials.createSsl(Buffer.from(ca));
    const tlsOf = ({ cert, key }: { cert: string; key: string }, clientCa: string | null = null) => ({
      cert,
      key: new Secret(key),
      clientCa,
    });
    const localhost = ['DNS:localhost', 'IP:127.0.0.1'];

    it('carries checks, and refuses those that come in clear', async () => {
      const { door } = await aDoor(() => anAllow(), { tls: tlsOf(authority.issue(localhost)) });
      expect(await aCaller(door, trusting(authority)).ask(A_CHECK)).toMatchObject(ALLOWED);
      await expect(aCaller(door).ask(A_CHECK)).rejects.toMatchObject({ code: rpcStatus.UNAVAILABLE });
    });

    it('demands a client certificate of the right authority when told to (T-62)', async () => {
      const { door, contexts } = await aDoor(() => anAllow(), {
        tls: tlsOf(authority.issue(localhost), authority.ca),
      });
      const with_ = (client: { cert: string; key: string }): ChannelCredentials =>
        ChannelCredentials.createSsl(
          Buffer.from(authority.ca),
          Buffer.from(client.key),
          Buffer.from(client.cert),
        );

      expect(await aCaller(door, with_(authority.issue(['DNS:envoy']))).ask(A_CHECK)).toMatchObject(ALLOWED);
      for (const wrong of [trusting(authority), with_(other.issue(['DNS:envoy']))])
        await expect(aCaller(door, wrong).ask(A_CHECK)).rejects.toMatchObject({
          code: rpcStatus.UNAVAILABLE,
        });
      expect(contexts).toHaveLength(1);
    });

    it('denies, with an answer, who has a certificate that allowedPeers does not name (T-62)', async () => {
      const { door, contexts, events } = await aDoor(() => anAllow(), {
        tls: { ...tlsOf(authority.issue(localhost), authority.ca), allowedPeers: ['spiffe://local/envoy'] },
      });
      const askAs = (...names: readonly string[]) => {
        const { key, cert } = authority.issue(names);
        const pems = [authority.ca, key, cert].map((pem) => Buffer.from(pem));
        return aCaller(door, ChannelCredentials.createSsl(pems[0], pems[1], pems[2])).ask(A_CHECK);
      };

      // A failed call would be an error to Envoy, which failure_mode_allow lets pass.
      for (const name of ['URI:spiffe://local/envoy2', 'DNS:envoy', 'URI:spiffe://LOCAL/envoy'])
        expect(await askAs(name)).toMatchObject({
          status: { code: 7 },
          deniedResponse: { status: { code: 'Forbidden' } },
        });
      expect(contexts).toHaveLength(0);
      expect(events).toMatchObject(
        Array(3).fill({ event: 'decided', decision: { reason: 'peer_untrusted' } }),
      );

      expect(await askAs('DNS:anything', 'URI:spiffe://local/envoy')).toMatchObject(ALLOWED);
    });

    it('takes a new certificate in for new connections, and keeps the old ones', async () => {
      const { door } = await aDoor(() => anAllow(), { tls: tlsOf(authority.issue(localhost)) });
      const early = aCaller(door, trusting(authority));
      await early.ask(A_CHECK);

      expect(door.updateTls(tlsOf(other.issue(localhost)))).toEqual({ ok: true, value: null });
      expect(await aCaller(door, trusting(other)).ask(A_CHECK)).toMatchObject(ALLOWED);
      await expect(aCaller(door, trusting(authority)).ask(A_CHECK)).rejects.toMatchObject({
        code: rpcStatus.UNAVAILABLE,
      });
      expect(await early.ask(A_CHECK)).toMatchObject(ALLOWED);
    });

    it('takes a new authority for client certificates in', async () => {
      const server = authority.issue(localhost);
      const client = other.issue(['DNS:envoy']);
      const { door } = await aDoor(() => anAllow(), { tls: tlsOf(server, authority.ca) });
      const credentials = ChannelCredentials.createSsl(
        Buffer.from(authority.ca),
        Buffer.from(client.key),
        Buffer.from(client.cert),
      );
      expect(door.updateTls(tlsOf(server, other.ca))).toMatchObject({ ok: true });
      expect(await aCaller(door, credentials).ask(A_CHECK)).toMatchObject(ALLOWED);
    });

    const good = authority.issue(localhost);
    const unlike = authority.issue(localhost);
    it.each([
      ['a key of another certificate', tlsOf({ cert: good.cert, key: unlike.key }), 'does not belong'],
      [
        'a certificate that is none',
        tlsOf({ cert: 'nothing', key: good.key }),
        'certificate is not in PEM form',
      ],
      ['a key that is none', tlsOf({ cert: good.cert, key: 'nothing' }), 'private key in PEM form'],
      ['a half-written certificate', tlsOf({ cert: good.cert.slice(0, 300), key: good.key }), 'PEM form'],
      ['an authority for clients, which was not asked for before', tlsOf(good, authority.ca), 'restart'],
    ])('refuses %s, says why without the key, and keeps what it has', async (_what, broken, why) => {
      const { door } = await aDoor(() => anAllow(), { tls: tlsOf(good) });
      const refused = door.updateTls(broken);
      expect(refused).toMatchObject({ ok: false, failure: expect.stringContaining(why) });
      expect(JSON.stringify(refused)).not.toContain('-----BEGIN');
      expect(await aCaller(door, trusting(authority)).ask(A_CHECK)).toMatchObject(ALLOWED);
    });

    it('refuses an authority that is no certificate', async () => {
      const { door } = await aDoor(() => anAllow(), { tls: tlsOf(good, authority.ca) });
      expect(door.updateTls(tlsOf(good, 'nothing'))).toMatchObject({ ok: false });
    });

    it('cannot be added to a door that was opened without', async () => {
      const { door } = await aDoor(() => anAllow());
      expect(door.updateTls(tlsOf(good))).toMatchObject({
        ok: false,
        failure: expect.stringContaining('restart'),
      });
    });

    it('keeps the door from opening when its pair is broken', async () => {
      await expect(
        openDoor(() => anAllow(), { transport, tls: tlsOf({ cert: good.cert, key: unlike.key }) }),
      ).rejects.toThrow('tls: the key does not belong to the certificate');
    });
  });

  describe('where the gRPC door listens', () => {
    it('opens a unix socket that its group may use, and takes it away at the end', async () => {
      const path = aSocketPath();
      const { door } = await aDoor(() => anAllow(), { address: { kind: 'unix', path } });
      expect(statSync(path).mode & 0o777).toBe(0o660);
      const caller = aCaller(door);
      expect(await caller.ask(A_CHECK)).toMatchObject(ALLOWED);
      await door.close(milliseconds(1_000));
      expect(existsSync(path)).toBe(false);
    });

    it('replaces the file of a process that is gone', async () => {
      const path = aSocketPath();
      await leaveStaleSocket(path);
      const { door } = await aDoor(() => anAllow(), { address: { kind: 'unix', path } });
      expect(await aCaller(door).ask(A_CHECK)).toMatchObject(ALLOWED);
    });

    it.each<readonly [string, (path: string) => unknown, string]>([
      ['somebody listens there', (path) => listenOn(path), 'another process listens there'],
      ['a file that is no socket is there', (path) => writeFileSync(path, 'keep me'), 'no socket'],
    ])('does not open when %s, and leaves it alone', async (_when, prepare, why) => {
      const path = aSocketPath();
      await prepare(path);
      await expect(openDoor(() => anAllow(), { transport, address: { kind: 'unix', path } })).rejects.toThrow(
        why,
      );
      expect(existsSync(path)).toBe(true);
    });

    it('does not open in a folder that does not exist', async () => {
      const path = join(aSocketPath(), 'below', 'gatehouse.sock');
      await expect(openDoor(() => anAllow(), { transport, address: { kind: 'unix', path } })).rejects.toThrow(
        'its folder does not exist',
      );
    });

    it('does not open on a port that is taken, and names it', async () => {
      const { door } = await aDoor(() => anAllow());
      const address = door.address;
      await expect(openDoor(() => anAllow(), { transport, address })).rejects.toThrow(
        `cannot listen on 127.0.0.1:${portOf(door)}: another program listens there`,
      );
    });
  });

  describe('closing the gRPC door', () => {
    it('is not held up by connections on which nobody ever spoke', async () => {
      const { door } = await aDoor(() => anAllow());
      const silent = connect(portOf(door), '127.0.0.1');
      await once(silent, 'connect');
      silent.on('error', () => undefined);
      await aCaller(door).ask(A_CHECK);
      await door.close(milliseconds(60_000));
      await expect(aCaller(door).ask(A_CHECK)).rejects.toMatchObject({ code: rpcStatus.UNAVAILABLE });
    });

    it('is not held up longer than the grace by one who never says goodbye', async () => {
      const { door } = await aDoor(() => anAllow());
      const stubborn = connect(portOf(door), '127.0.0.1');
      stubborn.on('error', () => undefined);
      // The preface and an empty SETTINGS frame, and then nothing: pings are not answered.
      stubborn.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1'));
      // Its own SETTINGS, 15 bytes, come unasked; the acknowledgement says that the door has heard us.
      let heard = 0;
      stubborn.on('data', (chunk: Buffer) => (heard += chunk.length));
      await until(() => heard > 15);
      const closed = new Promise((resolve) => stubborn.once('close', resolve));
      await door.close(milliseconds(100));
      await closed;
    });

    it('waits for checks that are under way', async () => {
      const verdict = Promise.withResolvers<Decision>();
      const asked = Promise.withResolvers<null>();
      const { door } = await aDoor(() => {
        asked.resolve(null);
        return verdict.promise;
      });
      const answer = aCaller(door).ask(A_CHECK);
      await asked.promise;
      const closed = door.close(milliseconds(60_000));
      verdict.resolve(anAllow());
      expect(await answer).toMatchObject(ALLOWED);
      await closed;
    });

    it('denies with an answer what is still under way after the grace (T-70)', async () => {
      const asked = Promise.withResolvers<null>();
      const { door, events } = await aDoor(() => {
        asked.resolve(null);
        return new Promise(() => undefined);
      });
      const answer = aCaller(door).ask(A_CHECK);
      await asked.promise;
      await door.close(milliseconds(20));
      expect(await answer).toMatchObject(DENIED_503);
      expect(events).toMatchObject([{ decision: { kind: 'fault', reason: 'draining' } }]);
    });

    it('loses no check when there are pauses between them (T-70)', async () => {
      const { door } = await aDoor(async () => anAllow());
      const flood = aFlood(door);
      await flood.running;
      await door.close(milliseconds(5_000));
      const { sent, answered, failures } = await flood.result;
      expect({ answered, failures }).toEqual({ answered: sent, failures: [] });
    });

    it('may be asked for twice', async () => {
      const { door } = await aDoor(() => anAllow());
      const first = door.close(milliseconds(1_000));
      expect(door.close(milliseconds(1_000))).toBe(first);
      await first;
    });
  });

  describe('the age of a connection', () => {
    const young = { ...CONNECTION_LIMITS, age: milliseconds(150), ageGrace: milliseconds(2_000) };

    it('ends it without losing a check when there are pauses between them', async () => {
      const { door } = await aDoor(async () => anAllow(), {}, young);
      const { sent, answered, failures } = await aFlood(door).result;
      expect({ answered, failures }).toEqual({ answered: sent, failures: [] });
    });

    it('ends it after the grace although somebody holds on to it', async () => {
      const { door } = await aDoor(() => anAllow(), {}, { ...young, ageGrace: milliseconds(50) });
      const watcher = aCaller(door).watch('');
      const seen: string[] = [];
      await expect(
        (async () => {
          for await (const { status } of watcher) seen.push(status);
        })(),
      ).rejects.toMatchObject({ code: expect.any(Number) });
      expect(seen).toEqual(['NOT_SERVING']);
    });
  });
});

interface Flood {
  readonly running: Promise<unknown>;
  readonly result: Promise<{
    readonly sent: number;
    readonly answered: number;
    readonly failures: readonly string[];
  }>;
}

/** Many checks at a time, with pauses between, from another process, until the door says goodbye. */
function aFlood(door: GrpcDoor): Flood {
  const program = join(import.meta.dirname, 'flood.ts');
  const child = spawn(process.execPath, [program, String(portOf(door)), A_CHECK.toString('hex')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  leftOpen.push(() => child.kill());
  const lines = createInterface(child.stdout);
  const running = new Promise((resolve) => lines.on('line', (line) => line === 'running' && resolve(line)));
  const result = new Promise<string>((resolve) =>
    lines.on('line', (line) => line !== 'running' && resolve(line)),
  );
  return { running, result: result.then((line) => JSON.parse(line) as Awaited<Flood['result']>) };
}

function aSocketPath(): string {
  const folder = temporaryFolder('grpc-door');
  leftOpen.push(folder.remove);
  return join(folder.path, 'gatehouse.sock');
}

async function listenOn(path: string): Promise<void> {
  const server = createServer().listen(path);
  await once(server, 'listening');
  leftOpen.push(() => new Promise((resolve) => server.close(resolve)));
}

/** The file of a listener that ended without taking it away: closing it under another name leaves this one. */
async function leaveStaleSocket(path: string): Promise<void> {
  const server = createServer().listen(`${path}.first`);
  await once(server, 'listening');
  linkSync(`${path}.first`, path);
  await new Promise((resolve) => server.close(resolve));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
