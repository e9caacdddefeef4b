import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createSelfSigned } from '../support/certificates.ts';
import { type FaultServer, json, startFaultServer, status } from '../support/fault-server.ts';
import { eventually } from '../support/processes.ts';
import { ask, withToken } from './support-house-check.ts';
import { type Idp, startIdp } from './support-house-idp.ts';
import { EVERY_DOOR, openAHouse, type OpenedHouse, settingsOf } from './support-house.ts';

// A house whose clients are known to a service behind TLS, which asks who we are.
const certificate = createSelfSigned();
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-service-'));
const records = new Map<string, unknown>();
let key = 'first-key';
let idp: Idp;
let service: FaultServer;
let house: OpenedHouse;

const settingsText = (): string => `${EVERY_DOOR}
metrics: { clients: 1 }
clientStore:
  http:
    url: "${service.url('/v1/clients/{tenant}')}"
    bearer: { file: service-key }
    tls: { ca: idp.crt }
    secrets: secrets
    issuers: ["${idp.origin}"]
  recheck: 100ms
  missing: 100ms
`;

beforeAll(async () => {
  [idp, service] = await Promise.all([startIdp(certificate), startFaultServer({ tls: certificate })]);
  service.always(({ path, headers }) => {
    if (headers['authorization'] !== `Bearer ${key}`) return status(401);
    const record = records.get(path.replace('/v1/clients/', ''));
    return record === undefined ? status(404) : json(record, { headers: { etag: '"1"' } });
  });
  writeFileSync(join(folder, 'idp.crt'), certificate.cert);
  writeFileSync(join(folder, 'service-key'), `${key}\n`);
  mkdirSync(join(folder, 'secrets', 'red.example'), { recursive: true });
  writeFileSync(join(folder, 'secrets', 'red.example', 'idp.crt'), certificate.cert);
  records.set('red.example', recordFor(idp));
  house = await openAHouse(settingsText(), { folder });
});

afterAll(async () => {
  await house?.close();
  await Promise.all([idp?.stop(), service?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const recordFor = ({ endpoint, origin }: Idp) => ({
  issuer: origin,
  clientId: 'gateway',
  clientSecret: 'literal',
  tls: { ca: 'idp.crt' },
  introspection: { endpoint },
});

async function statusFor(host: string, token: string): Promise<number> {
  const outcome = await ask(house, withToken(token, { host }));
  return outcome.kind === 'allow' ? 200 : outcome.status;
}

describe('a house with a service that knows tenants', () => {
  it('asks the service, then the server of the tenant', async () => {
    idp.tokens.set('t', {});
    expect(await statusFor('red.example', 't')).toBe(200);
    expect(await statusFor('blue.example', 't')).toBe(403);
    expect(await house.metric('gatehouse_client_records_total', { outcome: 'read' })).toBe(1);
    expect(await house.status()).toMatchObject({ clientStore: { kind: 'http', tenants: 1, trouble: null } });
    expect(JSON.stringify(await house.status())).not.toContain('first-key');
  });

  it('takes a rotated key in by a reload, and forgets nobody meanwhile', async () => {
    key = 'second-key';
    idp.tokens.set('u', {});
    expect(await statusFor('red.example', 'u')).toBe(200);
    writeFileSync(join(folder, 'service-key'), `${key}\n`);
    house.house.replace(await settingsOf(settingsText(), { folder }));
    records.set('green.example', recordFor(idp));
    mkdirSync(join(folder, 'secrets', 'green.example'), { recursive: true });
    writeFileSync(join(folder, 'secrets', 'green.example', 'idp.crt'), certificate.cert);
    expect(await statusFor('green.example', 'u')).toBe(200);
    expect(await house.status()).toMatchObject({ clientStore: { tenants: 2 } });
  });

  it('shows as many clients one by one as `metrics.clients` says, and counts the rest', async () => {
    const { clients } = await eventually('both to be known', async () => {
      const status = await house.status();
      return status['clientsNotShown'] === 1 ? status : null;
    });
    expect(Object.keys(clients ?? {})).toEqual(['red.example']);
    expect(await house.metric('gatehouse_introspections_total', { client: 'other' })).toBe(1);
    expect(await house.metric('gatehouse_introspections_total', { client: 'green.example' })).toBe(0);
  });

  it('keeps serving tenants it knows while the service is away; others get 503', async () => {
    await service.stop();
    idp.tokens.set('v', {});
    expect(await statusFor('red.example', 'v')).toBe(200);
    expect(await statusFor('unknown.example', 'v')).toBe(503);
    expect(house.logs().findLast((line) => line['event'] === 'decided')).toMatchObject({
      reason: 'client_store_failed',
      detail: expect.stringContaining('the connection failed (ECONNREFUSED)'),
    });
    await service.start();
  });
});
