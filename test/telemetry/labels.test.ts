import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { milliseconds } from '../../src/domain/index.ts';
import { createBoundedLabel } from '../../src/telemetry/bounded-labels.ts';
import { aDecided, AN_ALLOW, anObservedTelemetry } from './an-observed-telemetry.ts';

const TENANTS = 10_000;

describe('label values', () => {
  it('stay few when settings bring ten thousand routes, clients and headers (T-41)', async () => {
    const { telemetry, series } = anObservedTelemetry('error');
    const before = (await series()).size;

    for (let tenant = 0; tenant < TENANTS; tenant += 1) {
      const client = `client-${tenant}`;
      telemetry.observe(aDecided({ ...AN_ALLOW, route: `route-${tenant}` }));
      telemetry.observe({
        event: 'introspected',
        client,
        outcome: 'active',
        tookMs: milliseconds(1),
        detail: null,
      });
      telemetry.observe({ event: 'metadata_refreshed', client, outcome: 'unchanged', detail: null });
      telemetry.observe({ event: 'header_dropped', route: 'orders', header: `x-auth-${tenant}` });
    }

    const found = await series();
    const countOf = (prefix: string) => [...found.keys()].filter((name) => name.startsWith(prefix)).length;
    expect(countOf('gatehouse_route_decisions_total')).toBe(101);
    expect(countOf('gatehouse_introspections_total')).toBe(101);
    expect(countOf('gatehouse_introspection_duration_seconds_count')).toBe(101);
    expect(countOf('gatehouse_metadata_refreshes_total')).toBe(101);
    expect(countOf('gatehouse_headers_dropped_total')).toBe(101);
    // 101 series of one value each, and one histogram of 16 lines by client.
    expect(found.size - before).toBeLessThan(5 * 101 + 16 * 101);
  });

  it('lose no count beyond the cap: it is under other', async () => {
    const { telemetry, series } = anObservedTelemetry('error');
    for (let route = 0; route < 250; route += 1) {
      telemetry.observe(aDecided({ ...AN_ALLOW, route: `route-${route}` }));
    }

    const found = await series();
    const ofRoute = (route: string) =>
      found.get(`gatehouse_route_decisions_total{route="${route}",outcome="allow",reason="token_accepted"}`);
    expect(ofRoute('route-99')).toBe(1);
    expect(ofRoute('route-100')).toBeUndefined();
    expect(ofRoute('other')).toBe(150);
    expect(found.get('gatehouse_decisions_total{door="grpc",outcome="allow",reason="token_accepted"}')).toBe(
      250,
    );
  });

  it('of clients are as many as `metrics.clients` says, and those that have one keep it', async () => {
    const { telemetry, series } = anObservedTelemetry('error');
    const refreshed = (client: string): void =>
      telemetry.observe({ event: 'metadata_refreshed', client, outcome: 'unchanged', detail: null });
    const countOf = async (client: string) =>
      (await series()).get(`gatehouse_metadata_refreshes_total{client="${client}",outcome="unchanged"}`);
    telemetry.setClientsMax(2);
    for (const client of ['a', 'b', 'c']) refreshed(client);
    expect([await countOf('b'), await countOf('c'), await countOf('other')]).toEqual([1, undefined, 1]);
    telemetry.setClientsMax(3);
    for (const client of ['c', 'd']) refreshed(client);
    expect([await countOf('c'), await countOf('other')]).toEqual([1, 2]);
    telemetry.setClientsMax(1);
    refreshed('c');
    expect(await countOf('c')).toBe(2);
  });

  it('are one name for a client in every metric', async () => {
    const { telemetry, series } = anObservedTelemetry('error');
    for (let client = 0; client < 100; client += 1) {
      telemetry.observe({
        event: 'metadata_refreshed',
        client: `client-${client}`,
        outcome: 'unchanged',
        detail: null,
      });
    }
    telemetry.addGauge('gatehouse_enquiries_running', () => [
      { labels: { client: 'client-99' }, value: 3 },
      { labels: { client: 'late' }, value: 1 },
      { labels: { client: 'later' }, value: 4 },
    ]);

    const found = await series();
    expect(found.get('gatehouse_enquiries_running{client="client-99"}')).toBe(3);
    expect(found.get('gatehouse_enquiries_running{client="other"}')).toBe(5);
  });

  it('of gauges that are not sums keep the worst beyond the cap', async () => {
    const { telemetry, series } = anObservedTelemetry('error');
    telemetry.addGauge('gatehouse_metadata_age_seconds', () =>
      Array.from({ length: 300 }, (_, index) => ({
        labels: { client: `client-${index}` },
        value: 300 - index,
      })),
    );

    expect((await series()).get('gatehouse_metadata_age_seconds{client="other"}')).toBe(200);
  });

  it('are bounded in number, short and printable for any names, and steady', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 120 }), { maxLength: 30 }), (names) => {
        const boundedLabel = createBoundedLabel(() => 10);
        const labels = names.map(boundedLabel);

        expect(new Set(labels).size).toBeLessThanOrEqual(12);
        expect(names.map(boundedLabel)).toEqual(labels);
        expect(labels.map(boundedLabel)).toEqual(labels);
        expect(labels.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });
});
