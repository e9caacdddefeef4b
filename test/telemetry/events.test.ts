import { describe, expect, it } from '@jest/globals';

import {
  ALLOW_REASONS,
  type Decision,
  DENY_REASONS,
  type DenyReason,
  FAULT_REASONS,
  type FaultReason,
  type HouseEvent,
  milliseconds,
} from '../../src/domain/index.ts';
import {
  A_FAULT,
  aContext,
  aDecided,
  AN_ALLOW,
  anObservedTelemetry,
  namesOfAllEvents,
} from './an-observed-telemetry.ts';
import { EVERY_EVENT } from './every-event.ts';

describe('observe', () => {
  it('has an effect on record for every event there is', () => {
    expect(Object.keys(EVERY_EVENT).sort()).toEqual([...namesOfAllEvents()].sort());
  });

  it.each(Object.entries(EVERY_EVENT))('counts and logs %s', async (name, { event, series, log }) => {
    const observed = anObservedTelemetry();

    observed.telemetry.observe(event);

    expect(Object.fromEntries(await observed.series())).toMatchObject(series);
    const line = { event: name, time: '2026-01-01T12:00:00.000Z', ...log };
    expect(observed.lines()).toEqual(log === null ? [] : [line]);
  });

  it('counts every reason under its own name, door, outcome and side', async () => {
    const observed = anObservedTelemetry('error');

    for (const decision of everyDecision()) observed.telemetry.observe(aDecided(decision));

    const series = await observed.series();
    for (const { kind, reason } of everyDecision()) {
      expect([
        reason,
        series.get(`gatehouse_decisions_total{door="grpc",outcome="${kind}",reason="${reason}"}`),
      ]).toEqual([reason, 1]);
    }
    for (const [reason, { side }] of Object.entries(FAULT_REASONS)) {
      expect([reason, series.get(`gatehouse_faults_total{side="${side}",reason="${reason}"}`)]).toEqual([
        reason,
        1,
      ]);
    }
  });

  it('shows every fault as 0 before the first, so that the first is an increase', async () => {
    const series = await anObservedTelemetry().series();

    for (const [reason, { side }] of Object.entries(FAULT_REASONS)) {
      expect(series.get(`gatehouse_faults_total{side="${side}",reason="${reason}"}`)).toBe(0);
    }
  });

  it('names the token of a decision by its fingerprint, made only for lines that are written', () => {
    const quiet = anObservedTelemetry('info');
    const loud = anObservedTelemetry('debug');
    let made = 0;
    for (const { telemetry } of [quiet, loud])
      telemetry.nameTokensBy((_context, route) => `of ${route ?? ''}, ${(made += 1)}`);
    for (const { telemetry } of [quiet, loud]) telemetry.observe(aDecided(AN_ALLOW));
    expect(quiet.lines()).toEqual([]);
    expect(loud.lines()).toMatchObject([{ token_fingerprint: 'of orders, 1' }]);
  });

  it('makes no fingerprint for a repeat that is held back', () => {
    const observed = anObservedTelemetry('info');
    let made = 0;
    observed.telemetry.nameTokensBy(() => `of ${(made += 1)}`);
    for (let count = 0; count < 10; count += 1) observed.telemetry.observe(aDecided(A_FAULT));
    expect([made, observed.lines().length]).toEqual([1, 1]);
  });

  it('writes one line a decision at debug, with the same members whatever was decided', () => {
    const observed = anObservedTelemetry();
    const denied: Decision = {
      kind: 'deny',
      reason: 'no_route',
      route: null,
      scopes: [],
      detail: 'no route fits',
    };

    observed.telemetry.observe(aDecided(AN_ALLOW));
    observed.telemetry.observe(aDecided(denied, null));

    const [allowed, refused, ...more] = observed.lines();
    expect(allowed).toEqual({
      level: 'debug',
      time: '2026-01-01T12:00:00.000Z',
      event: 'decided',
      reason: 'token_accepted',
      door: 'grpc',
      route: 'orders',
      decision: 'allow',
      request_id: 'request-1',
      token_fingerprint: null,
      method: 'GET',
      took_ms: 0.3,
      detail: null,
    });
    expect(refused).toMatchObject({
      reason: 'no_route',
      route: null,
      decision: 'deny',
      request_id: null,
      method: null,
      detail: 'no route fits',
    });
    expect(Object.keys(refused!)).toEqual(Object.keys(allowed!));
    expect(more).toEqual([]);
  });

  it('counts a decision without a route under an empty one', async () => {
    const observed = anObservedTelemetry();
    observed.telemetry.observe(
      aDecided({ kind: 'deny', reason: 'no_route', route: null, scopes: [], detail: null }),
    );

    expect(
      (await observed.series()).get(
        `gatehouse_route_decisions_total{route="",outcome="deny",reason="no_route"}`,
      ),
    ).toBe(1);
  });

  it.each<[string, string, HouseEvent]>([
    ['an active answer', 'debug', introspected('active')],
    ['an inactive answer', 'debug', introspected('inactive')],
    ['a failed enquiry', 'warn', introspected('introspection_timeout')],
    ['refused credentials', 'error', introspected('credentials_refused')],
    ['metadata as before', 'debug', refreshed('unchanged')],
    ['changed metadata', 'info', refreshed('changed')],
    ['metadata out of reach', 'warn', refreshed('metadata_unavailable')],
    ['an instance that is not ready', 'warn', { event: 'lifecycle', phase: 'not_ready', detail: 'x' }],
    ['a warning about the settings', 'warn', { event: 'lifecycle', phase: 'warning', detail: 'x' }],
    ['draining', 'info', { event: 'lifecycle', phase: 'draining', detail: 'x' }],
  ])('logs %s at %s', (_what, level, event) => {
    const observed = anObservedTelemetry();
    observed.telemetry.observe(event);
    expect(observed.lines()).toMatchObject([{ level, event: event.event }]);
  });

  it.each([
    ['starting', 0],
    ['not_ready', 0],
    ['draining', 0],
    ['stopped', 0],
    ['door_open', 1],
    ['warning', 1],
  ] as const)('after ready, %s leaves gatehouse_ready at %i', async (phase, ready) => {
    const observed = anObservedTelemetry();
    observed.telemetry.observe({ event: 'lifecycle', phase: 'ready', detail: '' });
    observed.telemetry.observe({ event: 'lifecycle', phase, detail: '' });
    expect((await observed.series()).get('gatehouse_ready')).toBe(ready);
  });

  it('shows one generation at a time, and since when a broken file is ignored until one is loaded', async () => {
    const { telemetry, clock, series } = anObservedTelemetry();
    const refuse: HouseEvent = { event: 'settings_refused', problems: ['x'] };
    const since = async () => (await series()).get('gatehouse_settings_refused_timestamp_seconds');

    telemetry.observe({ event: 'settings_loaded', generation: 'one' });
    clock.advance(1000);
    telemetry.observe(refuse);
    const first = await since();
    clock.advance(60_000);
    telemetry.observe(refuse);
    const second = await since();
    telemetry.observe({ event: 'settings_loaded', generation: 'two' });

    expect(first).toBe(clock.now() / 1000 - 60);
    expect(second).toBe(first);
    expect(await since()).toBe(0);
    const generations = [...(await series()).keys()].filter((name) =>
      name.startsWith('gatehouse_settings_info'),
    );
    expect(generations).toEqual(['gatehouse_settings_info{generation="two"}']);
  });

  it.each([
    ['not a number', NaN],
    ['negative', -1],
    ['endless', Infinity],
  ])('keeps sums readable when a time is %s', async (_what, tookMs) => {
    const { telemetry, series } = anObservedTelemetry();
    telemetry.observe({ ...aDecided(), tookMs: milliseconds(tookMs) });
    telemetry.observe({ ...aDecided(), tookMs: milliseconds(7000) });

    const found = await series();
    const labels = 'door="grpc",outcome="allow"';
    expect(found.get(`gatehouse_decision_duration_seconds_sum{${labels}}`)).toBe(7);
    expect(found.get(`gatehouse_decision_duration_seconds_bucket{${labels},le="5"}`)).toBe(1);
    expect(found.get(`gatehouse_decision_duration_seconds_bucket{${labels},le="+Inf"}`)).toBe(2);
  });

  it('never throws, and counts what it could not count or log', async () => {
    const observed = anObservedTelemetry();
    const strange = [
      null,
      {},
      { event: 'unheard_of' },
      { event: 'decided' },
      { event: 'caller_left', door: 'back' },
    ];

    for (const event of strange) {
      expect(() => observed.telemetry.observe(event as unknown as HouseEvent)).not.toThrow();
    }
    expect((await observed.series()).get('gatehouse_telemetry_failures_total')).toBeGreaterThanOrEqual(
      strange.length,
    );
  });

  it('counts an event even when its line cannot be written', async () => {
    const observed = anObservedTelemetry();
    observed.destination.write = () => {
      throw new Error('no room');
    };

    observed.telemetry.observe(aDecided(A_FAULT, aContext()));

    const series = await observed.series();
    expect(series.get('gatehouse_faults_total{side="remote",reason="introspection_timeout"}')).toBe(1);
    expect(series.get('gatehouse_telemetry_failures_total')).toBe(1);
  });
});

function introspected(outcome: Extract<HouseEvent, { event: 'introspected' }>['outcome']): HouseEvent {
  return { event: 'introspected', client: 'default', outcome, tookMs: milliseconds(5), detail: null };
}

function refreshed(outcome: Extract<HouseEvent, { event: 'metadata_refreshed' }>['outcome']): HouseEvent {
  return { event: 'metadata_refreshed', client: 'default', outcome, detail: null };
}

function everyDecision(): readonly Decision[] {
  return [
    ...Object.keys(ALLOW_REASONS).map((reason) => ({ ...AN_ALLOW, reason }) as Decision),
    ...Object.keys(DENY_REASONS).map((reason): Decision => ({
      kind: 'deny',
      reason: reason as DenyReason,
      route: 'orders',
      scopes: [],
      detail: null,
    })),
    ...Object.keys(FAULT_REASONS).map((reason): Decision => ({
      kind: 'fault',
      reason: reason as FaultReason,
      route: 'orders',
      detail: null,
    })),
  ];
}
