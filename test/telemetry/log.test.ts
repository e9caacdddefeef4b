import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  AccessToken,
  type Decision,
  type HouseEvent,
  milliseconds,
  type RequestHeaders,
  Secret,
} from '../../src/domain/index.ts';
import type { LogLevel } from '../../src/telemetry/index.ts';
import { A_FAULT, aContext, aDecided, AN_ALLOW, anObservedTelemetry } from './an-observed-telemetry.ts';
import { EVERY_EVENT } from './every-event.ts';

const EVERY = Object.values(EVERY_EVENT).map(({ event }) => event);
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

describe('log levels', () => {
  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ] as const)('at %s let %j through', (level, expected) => {
    const observed = anObservedTelemetry(level);
    for (const event of EVERY) observed.telemetry.observe(event);
    expect(new Set(observed.lines().map((line) => line['level']))).toEqual(new Set(expected));
  });

  it('that are off do not even look at what would be written', () => {
    const observed = anObservedTelemetry('info');
    const context = aContext();
    const looked: string[] = [];
    const watched = new Proxy(context, {
      get: (target, name) => {
        looked.push(String(name));
        return Reflect.get(target, name);
      },
    });

    observed.telemetry.observe(aDecided(AN_ALLOW, watched));
    expect(looked).toEqual([]);
    observed.telemetry.setLevel('debug');
    observed.telemetry.observe(aDecided(AN_ALLOW, watched));
    expect(looked).toContain('method');
  });

  it('change while running, both ways', () => {
    const { telemetry, lines } = anObservedTelemetry('info');
    const decide = () => telemetry.observe(aDecided());

    decide();
    telemetry.setLevel('debug');
    decide();
    telemetry.setLevel('error');
    decide();

    expect(lines()).toHaveLength(1);
  });
});

describe('the log', () => {
  it.each(['json', 'pretty'])(
    'holds no token, secret, header, path or claim that an event can reach, as %s (INT-23, T-51, T-52)',
    (form) => {
      const observed = anObservedTelemetry('debug', form === 'pretty');
      for (const event of eventsFullOfCanaries()) observed.telemetry.observe(event);
      observed.telemetry.flush();

      expect(observed.text()).toContain('request-1');
      expect(observed.text().toLowerCase()).not.toContain('canary');
    },
  );

  it.each([
    ['GET', 'GET'],
    ['get', 'get'],
    ['VERSION-CONTROL', 'VERSION-CONTROL'],
    ['', null],
    ['GET /x', '[not a method]'],
    ['GET\r\nX: y', '[not a method]'],
    ['2YotnFZFEjr1zCsicMWpAA', '[not a method]'],
    ['\u001b[31mGET', '[not a method]'],
    ['A'.repeat(25), '[not a method]'],
  ])('names the method %j as %j', (method, expected) => {
    const { telemetry, lines } = anObservedTelemetry();
    telemetry.observe(aDecided(AN_ALLOW, aContext({ method })));
    expect(lines()[0]!['method']).toBe(expected);
  });

  it.each([
    ['TypeError', 'TypeError'],
    ['ERR_HTTP2_ERROR', 'ERR_HTTP2_ERROR'],
    ['connect ECONNREFUSED 10.0.0.1', '[not a class name]'],
    ['Unexpected token "c", "canary" is not valid JSON', '[not a class name]'],
  ])('writes of the crash %j only %j', (cause, expected) => {
    const { telemetry, lines } = anObservedTelemetry();
    telemetry.observe({ event: 'crashed', where: 'check', cause });
    expect(lines()[0]!['cause']).toBe(expected);
  });

  it('cuts a detail that is far too long', () => {
    const { telemetry, lines } = anObservedTelemetry();
    telemetry.observe(aDecided({ ...A_FAULT, detail: 'x'.repeat(10_000) } as Decision));
    expect(lines()[0]!['detail']).toBe(`${'x'.repeat(500)}…`);
  });

  it('names every problem of refused settings, on a terminal each on its own line', () => {
    const problems = Array.from({ length: 40 }, (_, index) => `gatehouse.yaml:${index}:1 routes: wrong`);
    const json = anObservedTelemetry('error');
    const pretty = anObservedTelemetry('error', true);
    for (const { telemetry } of [json, pretty]) telemetry.observe({ event: 'settings_refused', problems });

    expect(json.lines()[0]!['problems']).toEqual(problems);
    expect(pretty.text().split('\n').slice(1, 41)).toEqual(problems.map((problem) => `    ${problem}`));
  });

  it('stays one JSON object a line without control characters, whatever wire and settings hold (T-65)', () => {
    fc.assert(
      fc.property(anEventWithWildText(), (event) => {
        const observed = anObservedTelemetryOnce('debug', false);
        observed.telemetry.observe(event);

        const [line, ...more] = observed.destination.written;
        expect(more).toEqual([]);
        expect(line!.endsWith('\n')).toBe(true);
        expect(line!.slice(0, -1)).not.toMatch(CONTROLS);
        expect(JSON.parse(line!)).toMatchObject({ event: event.event });
      }),
    );
  });

  it('stays one line without control characters on a terminal, whatever wire and settings hold (T-65)', () => {
    fc.assert(
      fc.property(anEventWithWildText(), (event) => {
        const observed = anObservedTelemetryOnce('debug', true);
        observed.telemetry.observe(event);

        expect(observed.destination.written).toHaveLength(1);
        expect(observed.text().slice(0, -1)).not.toMatch(CONTROLS);
        expect(observed.text()).toMatch(/\n$/);
      }),
    );
  });

  it('loses nothing by escaping: a reader of the JSON gets the text back', () => {
    const { telemetry, lines } = anObservedTelemetry();
    const requestId = 'a\u009b31m\u202eb\r\n"\\';
    telemetry.observe(aDecided(AN_ALLOW, aContext({ requestId })));
    expect(lines()[0]!['request_id']).toBe(requestId);
  });
});

describe('readable lines', () => {
  it('show time, level, event, meaning and members, those without a value left out', () => {
    const { telemetry, text } = anObservedTelemetry('debug', true);

    telemetry.observe(aDecided(AN_ALLOW, aContext({ requestId: null })));
    telemetry.observe({
      event: 'introspected',
      client: 'default',
      outcome: 'introspection_timeout',
      tookMs: milliseconds(800.1234),
      detail: 'nothing within 800 ms',
    });
    telemetry.observe({ event: 'lifecycle', phase: 'door_open', detail: 'grpc 127.0.0.1:9001' });

    expect(text()).toBe(
      `12:00:00.000 DEBUG decided  reason=token_accepted door=grpc route=orders decision=allow method=GET took_ms=0.3
12:00:00.000 WARN  introspected  The introspection endpoint took longer than \`introspection.timeout\`. client=default outcome=introspection_timeout took_ms=800.123 detail="nothing within 800 ms" remedy="Look at the authorization server."
12:00:00.000 INFO  lifecycle  phase=door_open detail="grpc 127.0.0.1:9001"
`,
    );
  });
});

// One for each form and level is enough: metrics of ten thousand registries are not what is tested.
const once = new Map<string, ReturnType<typeof anObservedTelemetry>>();
function anObservedTelemetryOnce(level: LogLevel, pretty: boolean): ReturnType<typeof anObservedTelemetry> {
  const name = `${level} ${pretty}`;
  const observed = once.get(name) ?? anObservedTelemetry(level, pretty);
  once.set(name, observed);
  observed.clock.advance(60_000);
  observed.destination.written.length = 0;
  return observed;
}

function eventsFullOfCanaries(): readonly HouseEvent[] {
  const headers = {
    values: () => ['Bearer canary'],
    names: ['authorization', 'x-canary'],
    oddNames: ['x_canary'],
    all: { authorization: 'Bearer canary' },
  } satisfies RequestHeaders & Record<string, unknown>;
  const context = aContext({
    method: 'canary2YotnFZFEjr1zCsicMWpAA',
    path: '/canary?access_token=canary',
    host: 'canary.example',
    headers,
    contextExtensions: new Map([['canary', 'canary']]),
    serverName: 'canary.example',
    peerPrincipal: 'spiffe://canary',
    routeMetadata: { canary: { canary: 'canary' } },
    filterMetadata: { canary: { canary: 'canary' } },
  });
  const allow: Decision = {
    kind: 'allow',
    reason: 'token_accepted',
    route: 'orders',
    mutations: {
      set: [{ name: 'x-auth-subject', value: 'canary' }],
      remove: ['x-canary'],
      authorization: 'keep',
      metadata: { sub: 'canary' },
    },
    strays: ['x_canary'],
  };
  const deny: Decision = {
    kind: 'deny',
    reason: 'scope_insufficient',
    route: 'orders',
    scopes: ['canary'],
    detail: null,
  };
  const smuggled = {
    token: new AccessToken('canary'),
    secret: new Secret('canary'),
    response: '{"sub":"canary"}',
  };
  const decided = [allow, deny, A_FAULT].map((decision) => ({
    ...aDecided({ ...decision, ...smuggled }, context),
    ...smuggled,
  }));
  return [...decided, ...EVERY.map((event) => ({ ...event, ...smuggled }))];
}

function anEventWithWildText(): fc.Arbitrary<HouseEvent> {
  const wild = fc.string({
    unit: fc.oneof(
      fc.constantFrom('\r', '\n', '\u001b[31m', '\u009b31m', '\u0000', '\u2028', '\u202e', '"', '\\', '='),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    maxLength: 200,
  });
  return fc.oneof(
    fc
      .record({ method: wild, path: wild, requestId: wild, host: wild })
      .map((wire) => aDecided(AN_ALLOW, aContext(wire))),
    fc
      .record({ route: wild, detail: wild })
      .map(({ route, detail }) =>
        aDecided({ kind: 'deny', reason: 'route_guarded', route, scopes: [], detail }, aContext()),
      ),
    wild.map((detail): HouseEvent => ({ event: 'lifecycle', phase: 'warning', detail })),
    wild.map((client): HouseEvent => ({
      event: 'metadata_refreshed',
      client,
      outcome: 'changed',
      detail: client,
    })),
    fc
      .record({ where: wild, cause: wild })
      .map(({ where, cause }): HouseEvent => ({ event: 'crashed', where, cause })),
  );
}
