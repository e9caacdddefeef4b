import { request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { type DoorTls, milliseconds, Secret } from '../../../src/domain/index.ts';
import { type Authority, type Certificate, createAuthority } from '../../support/certificates.ts';
import { anAllow, nginxHeaders, openDoor, type OpenedDoor } from './builders.ts';

let authority: Authority;
let stranger: Authority;
let first: Certificate;
let second: Certificate;
let front: Certificate;
let opened: OpenedDoor | null = null;

beforeAll(() => {
  authority = createAuthority();
  stranger = createAuthority('Stranger');
  first = authority.issue(['IP:127.0.0.1', 'DNS:first.test']);
  second = authority.issue(['IP:127.0.0.1', 'DNS:second.test']);
  front = authority.issue(['DNS:front.test']);
});

afterEach(async () => {
  await opened?.door.close(milliseconds(0));
  opened = null;
});

const tlsOf = ({ cert, key }: Certificate, clientCa: string | null = null): DoorTls => ({
  cert,
  key: new Secret(key),
  clientCa,
});

async function openTls(tls: DoorTls): Promise<OpenedDoor> {
  opened = await openDoor(() => anAllow(), { tls });
  return opened;
}

/** Status and the names in the door's certificate; or the class of what went wrong. */
function askTls(port: number, client?: Certificate): Promise<string> {
  const identity = client === undefined ? {} : { cert: client.cert, key: client.key };
  return new Promise((resolve) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        ca: authority.ca,
        agent: false,
        headers: [...nginxHeaders()] as unknown as Record<string, string>,
        ...identity,
      },
      (response) => {
        const { socket } = response;
        const names =
          'getPeerCertificate' in socket ? (socket as TLSSocket).getPeerCertificate().subjectaltname : '';
        response.resume().on('end', () => resolve(`${response.statusCode} ${names ?? ''}`));
      },
    );
    sent.on('error', () => resolve('no answer'));
    sent.end();
  });
}

describe('an HTTP door with TLS', () => {
  it('answers over TLS, and nothing to a peer that speaks in clear', async () => {
    const { port, events } = await openTls(tlsOf(first));
    expect(await askTls(port)).toBe('200 IP Address:127.0.0.1, DNS:first.test');
    const before = events.length;
    expect(await speakInClear(port)).toBe('');
    expect(events).toHaveLength(before);
  });

  it('demands a client certificate from clientCa', async () => {
    const { port, contexts } = await openTls(tlsOf(first, authority.ca));
    expect(await askTls(port)).toBe('no answer');
    expect(await askTls(port, stranger.issue(['DNS:front.test']))).toBe('no answer');
    expect(contexts).toHaveLength(0);
    expect(await askTls(port, front)).toMatch(/^200 /);
  });

  it('answers 403 to a caller of clientCa that allowedPeers does not name, without looking at its check (T-9, T-62)', async () => {
    const tls = { ...tlsOf(first, authority.ca), allowedPeers: ['front.test', 'spiffe://local/front'] };
    const { port, contexts, decisions } = await openTls(tls);
    for (const names of [['DNS:other.test'], ['URI:spiffe://local/front2'], ['IP:127.0.0.1']])
      expect(await askTls(port, authority.issue(names))).toMatch(/^403 /);
    expect(contexts).toHaveLength(0);
    expect(new Set(decisions().map((decision) => decision.reason))).toEqual(new Set(['peer_untrusted']));

    for (const names of [['DNS:front.test'], ['DNS:other.test', 'URI:spiffe://local/front']])
      expect(await askTls(port, authority.issue(names))).toMatch(/^200 /);
    expect(await askTls(port, stranger.issue(['DNS:front.test']))).toBe('no answer');
  });

  it('compares allowedPeers beside trustedPeers, not instead', async () => {
    const tls = { ...tlsOf(first, authority.ca), allowedPeers: ['front.test'] };
    opened = await openDoor(() => anAllow(), { tls, trustedPeers: ['192.0.2.1/32'] });
    expect(await askTls(opened.port, front)).toMatch(/^403 /);
  });

  it('shows a replaced certificate to new connections', async () => {
    const { door, port } = await openTls(tlsOf(first));
    expect(door.updateTls(tlsOf(second))).toEqual({ ok: true, value: null });
    expect(await askTls(port)).toBe('200 IP Address:127.0.0.1, DNS:second.test');
  });

  it('demands client certificates from a replaced clientCa', async () => {
    const { door, port } = await openTls(tlsOf(first, stranger.ca));
    expect(await askTls(port, front)).toBe('no answer');
    expect(door.updateTls(tlsOf(first, authority.ca)).ok).toBe(true);
    expect(await askTls(port, front)).toMatch(/^200 /);
  });

  it('refuses what cannot be used, says why without the key, and keeps the certificate before', async () => {
    const { door, port } = await openTls(tlsOf(first, authority.ca));
    const unusable: readonly DoorTls[] = [
      { ...tlsOf(second, authority.ca), key: new Secret(first.key) },
      { ...tlsOf(second, authority.ca), cert: 'no certificate' },
      { ...tlsOf(second, authority.ca), key: new Secret('no key') },
      tlsOf(second, 'no authority'),
      tlsOf(second),
    ];
    for (const tls of unusable) {
      const result = door.updateTls(tls);
      expect(result).toMatchObject({ ok: false, failure: expect.any(String) });
      expect(JSON.stringify(result)).not.toMatch(/PRIVATE KEY|no key/);
    }
    expect(await askTls(port, front)).toBe('200 IP Address:127.0.0.1, DNS:first.test');
  });

  it('does not open with a key of another certificate', async () => {
    await expect(openTls({ ...tlsOf(first), key: new Secret(second.key) })).rejects.toThrow(
      'tls: the key does not belong to the certificate',
    );
  });

  it('refuses to add TLS to a plain door', async () => {
    opened = await openDoor(() => anAllow());
    expect(opened.door.updateTls(tlsOf(first))).toMatchObject({ ok: false });
  });
});

function speakInClear(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectPlain(port, '127.0.0.1');
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => (received += piece.startsWith('HTTP') ? piece : ''));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
    socket.write(`GET / HTTP/1.1\r\nHost: h\r\n\r\n`);
  });
}
