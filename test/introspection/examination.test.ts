import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';

import { type ClientContext, milliseconds, type ResolveName, Secret } from '../../src/domain/index.ts';
import { examineServer, type Finding } from '../../src/introspection/index.ts';
import { createAuthority, createSelfSigned } from '../support/certificates.ts';
import {
  type Answer,
  type FaultServer,
  gzipped,
  html,
  huge,
  json,
  jsonText,
  type RecordedRequest,
  redirect,
  startFaultServer,
  status,
} from '../support/fault-server.ts';
import { freePort } from '../support/processes.ts';
import { startProxyServer } from '../support/proxy-server.ts';
import { aClientOf, aDiscoveringClient, steadyRandomness, systemClock } from './scene.ts';
import { signedAnswers } from './signer.ts';

const OAUTH = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';
const SECRET = 'hunter2-hunter2:/ +';

let server: FaultServer;
beforeEach(async () => {
  server = await startFaultServer();
  server.on('/introspect', json({ active: false }));
});
afterEach(() => server.stop());

const everyNameIsHere: ResolveName = async () => [{ address: '127.0.0.1', family: 4 }];

async function examine(client: ClientContext, resolveName: ResolveName = everyNameIsHere) {
  const findings: Finding[] = [];
  const parts = { clock: systemClock, randomness: steadyRandomness, resolveName, observe: () => undefined };
  const works = await examineServer(client, parts, (finding) => void findings.push(finding));
  const of = (weight: Finding['weight']) => findings.filter((finding) => finding.weight === weight);
  return {
    works,
    findings,
    broken: of('broken').map(({ text }) => text),
    odd: of('odd').map(({ text }) => text),
    fine: of('fine').map(({ text }) => text),
    facts: of('fact').map(({ text }) => text),
    settings: findings.flatMap((finding) => finding.settings),
  };
}

const withSecret = { authentication: { method: 'automatic', secret: new Secret(SECRET) } } as const;
const aDocument = (differing: Readonly<Record<string, unknown>> = {}) => ({
  issuer: server.origin,
  introspection_endpoint: server.url('/introspect'),
  ...differing,
});
const discovering = (differing: Partial<ClientContext> = {}) =>
  aDiscoveringClient(server.origin, { ...withSecret, ...differing });
const asking = (differing: Parameters<typeof aClientOf>[1] = {}) =>
  aClientOf(server.url('/introspect'), { ...withSecret, ...differing });

describe('a server as the RFCs have it', () => {
  it('has nothing odd but plain http, and works', async () => {
    server.on(
      OAUTH,
      json(aDocument({ introspection_endpoint_auth_methods_supported: ['client_secret_basic'] })),
    );
    const { works, broken, odd, fine, settings, facts } = await examine(discovering());
    expect({ works, broken, settings }).toEqual({ works: true, broken: [], settings: [] });
    expect(odd).toEqual([expect.stringContaining('plain http')]);
    expect(fine).toEqual([
      '"issuer" is the configured one; read again after 900 s',
      `the introspection endpoint is ${server.url('/introspect')}`,
      'client_secret_basic, which the metadata lists',
      'a token that nobody issued is inactive there',
    ]);
    expect(facts).toContain(`${server.url(OPENID)}: nothing there (404)`);
  });

  it('is asked about a random token, once, with what an enquiry would send', async () => {
    await examine(asking());
    expect(server.requests).toHaveLength(1);
    expect(new URLSearchParams(server.requests[0]?.body).get('token')).toMatch(/^[\w-]{32}$/);
    expect(server.requests[0]?.headers['authorization']).toMatch(/^Basic /);
  });

  it('shows protocol, certificate and its end over TLS, and does without any oddity', async () => {
    const authority = createAuthority('An authority');
    const secure = await startFaultServer({ tls: authority.issue(['DNS:idp.test'], { days: 90 }) });
    secure.always(json({ active: false }));
    const client = aClientOf(`https://idp.test:${secure.port}/introspect`, {
      ...withSecret,
      allowHttp: false,
      tls: { ca: authority.ca, minVersion: 'TLSv1.2' },
    });
    const { works, odd, fine, facts } = await examine(client);
    expect({ works, odd }).toEqual({ works: true, odd: [] });
    expect(fine[0]).toMatch(
      /^TLSv1\.3, certificate of "test" by "An authority", until \d{4}-\d\d-\d\d \(89 days\)$/,
    );
    expect(facts).toContain('idp.test is 127.0.0.1');
    await secure.stop();
  });

  it('is reached through the proxy of the settings', async () => {
    const proxy = await startProxyServer();
    const named = { origin: proxy.origin, credentials: null, ca: null };
    const there = aClientOf(`http://idp.test:${server.port}/introspect`, {
      ...withSecret,
      proxy: { kind: 'named', proxy: named },
    });
    const good = await examine(there, () => Promise.reject(new Error('resolved here')));
    expect(good.works).toBe(true);
    expect(good.facts).toContainEqual(
      expect.stringContaining(`goes through the proxy ${proxy.origin}, as \`proxy\` says`),
    );
    proxy.answer({ kind: 'refuse', status: 407 });
    const bad = await examine(there);
    expect(bad.works).toBe(false);
    expect(bad.settings[0]).toMatch(/^proxy: \{ url:/);
    await proxy.stop();
  });
});

describe('metadata', () => {
  it.each<
    [string, () => Readonly<Record<string, unknown>>, problem: RegExp, settings: () => readonly string[]]
  >([
    [
      'a final slash too much',
      () => aDocument({ issuer: `${server.origin}/` }),
      /differs from the one configured in its final slash/,
      () => [`issuer: "${server.origin}/"`],
    ],
    [
      'another issuer',
      () => aDocument({ issuer: 'https://idp.example' }),
      /"issuer" is not the one configured/,
      () => [`issuer: "https://idp.example"  # if that is who you mean\nmetadataUrl: "${server.url(OAUTH)}"`],
    ],
    [
      'an endpoint at another origin',
      () => aDocument({ introspection_endpoint: 'https://other.example/i' }),
      /is on another origin than the issuer/,
      () => ['endpointOrigins: [https://other.example]  # if that server may see your tokens and secrets'],
    ],
    [
      'no endpoint',
      () => aDocument({ introspection_endpoint: undefined }),
      /names no "introspection_endpoint"/,
      () => ['introspection: { endpoint: URL-OF-THE-INTROSPECTION-ENDPOINT }'],
    ],
    [
      'methods that this client does not use',
      () => aDocument({ introspection_endpoint_auth_methods_supported: ['client_secret_jwt', 'none'] }),
      /the server does not offer client_secret_basic or client_secret_post/,
      () => ['auth: client_secret_jwt'],
    ],
    [
      'methods for which this client has nothing',
      () =>
        aDocument({
          introspection_endpoint_auth_methods_supported: ['private_key_jwt', 'tls_client_auth', 'Bearer'],
        }),
      /the server does not offer client_secret_basic or client_secret_post/,
      () => [
        'auth: { method: private_key_jwt, key: { file: PRIVATE-KEY } }',
        'auth: tls_client_auth\ntls: { cert: CERTIFICATE, key: PRIVATE-KEY }',
        'auth: { method: bearer, token: { file: ACCESS-TOKEN } }',
      ],
    ],
  ])('with %s: says so, what to set, and sends no secret', async (_what, document, problem, settings) => {
    server.on(OAUTH, json(document()));
    const examined = await examine(discovering());
    expect(examined.works).toBe(false);
    expect(examined.broken).toEqual([expect.stringMatching(problem)]);
    expect(examined.settings).toEqual(settings());
    expect(server.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it.each<[string, Answer, problem: RegExp, settings: () => readonly string[]]>([
    [
      'absent',
      status(404),
      /no document at any of these places/,
      () => ['metadataUrl: URL-OF-THE-DOCUMENT', ENDPOINT],
    ],
    ['moved', redirect(301, '/moved'), /status 301/, () => [`metadataUrl: "${server.url('/moved')}"`]],
    [
      'a login page',
      html(),
      /not JSON by its content type/,
      () => ['metadataUrl: URL-OF-THE-DOCUMENT', ENDPOINT],
    ],
    ['broken JSON', jsonText('{'), /cannot be read/, () => ['metadataUrl: URL-OF-THE-DOCUMENT', ENDPOINT]],
    ['compressed', gzipped({}), /compressed/, () => ['metadataUrl: URL-OF-THE-DOCUMENT', ENDPOINT]],
  ])('that is %s: says so, and what to set', async (_what, answer, problem, settings) => {
    server.on(OAUTH, answer);
    const examined = await examine(discovering());
    expect(examined.works).toBe(false);
    expect(examined.broken).toEqual([expect.stringMatching(problem)]);
    expect(examined.settings).toEqual(settings());
  });

  it('over http where it is not permitted is no mystery', async () => {
    server.on(OAUTH, json(aDocument({ introspection_endpoint: 'http://127.0.0.1:1/i' })));
    const authority = createAuthority();
    const secure = await startFaultServer({ tls: authority.issue(['IP:127.0.0.1']) });
    secure.on(OAUTH, json({ issuer: secure.origin, introspection_endpoint: server.url('/introspect') }));
    const tls = { ca: authority.ca, minVersion: 'TLSv1.2' } as const;
    const examined = await examine(
      aDiscoveringClient(secure.origin, { ...withSecret, tls, allowHttp: false }),
    );
    expect(examined.broken).toEqual([expect.stringContaining('plain http')]);
    expect(examined.settings).toEqual(['allowHttp: true  # tokens and secrets then travel in clear']);
    await secure.stop();
  });

  it('tells deviations that do no harm: RFC 8414 wants algorithms beside assertions, and no `none`', async () => {
    const methods = {
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
    };
    server.on(OAUTH, json(aDocument(methods)));
    expect((await examine(discovering())).odd).toContainEqual(
      expect.stringContaining('it offers assertions, but no'),
    );
    const algorithms = { introspection_endpoint_auth_signing_alg_values_supported: ['none', 'ES256'] };
    server.on(OAUTH, json(aDocument({ ...methods, ...algorithms })));
    const { odd, works } = await examine(discovering());
    expect(odd).toContainEqual(expect.stringContaining('it lists "none"'));
    expect(works).toBe(true);
  });

  it('tells of documents that name different endpoints', async () => {
    server.on(OAUTH, json(aDocument()));
    server.on(OPENID, json(aDocument({ introspection_endpoint: server.url('/other') })));
    const { works, odd, settings } = await examine(discovering());
    expect(works).toBe(true);
    expect(odd).toContainEqual(expect.stringContaining('names another introspection endpoint'));
    expect(settings).toEqual([`metadataUrl: "${server.url(OPENID)}"`]);
  });

  it('breaks nothing where the endpoint is configured', async () => {
    const { works, odd } = await examine(asking({ issuer: server.origin }));
    expect(works).toBe(true);
    expect(odd).toContainEqual(expect.stringContaining('no document at any of these places'));
  });
});

const ENDPOINT = 'introspection: { endpoint: URL-OF-THE-INTROSPECTION-ENDPOINT }';

describe('the way to the server', () => {
  it('is broken where the name does not resolve, or leads to this host without consent', async () => {
    const client = aClientOf(`http://idp.test:${server.port}/introspect`, {
      ...withSecret,
      allowAddresses: [],
    });
    const unresolved = await examine(client, async () => []);
    expect(unresolved.broken[0]).toBe('the name idp.test does not resolve');
    expect(unresolved.settings).toContain('connectTo: { host: ANOTHER-NAME-OR-ADDRESS }');

    const here = await examine(client);
    expect(here.broken[0]).toMatch(/^no address is left: link-local, loopback/);
    expect(here.settings).toEqual(['allowAddresses: [127.0.0.1/32]  # if the server is meant to be there']);
    expect(server.requests).toEqual([]);
    expect((await examine({ ...client, allowAddresses: ['127.0.0.1/32'] })).works).toBe(true);
  });

  it('is odd where some addresses are passed over', async () => {
    const client = aClientOf(`http://idp.test:${server.port}/introspect`, {
      ...withSecret,
      allowAddresses: ['127.0.0.1/32'],
    });
    const both: ResolveName = async () => [
      { address: '169.254.169.254', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const { works, odd } = await examine(client, both);
    expect(works).toBe(true);
    expect(odd).toContain('169.254.169.254 is passed over, for it needs consent');
  });

  it('is broken where nobody listens', async () => {
    const { works, broken } = await examine(aClientOf(`http://127.0.0.1:${await freePort()}/`, withSecret));
    expect(works).toBe(false);
    expect(broken[0]).toContain('the connection was refused');
  });

  const authority = createAuthority();
  it.each([
    [
      'an authority that is not known',
      authority.issue(['DNS:idp.test']),
      null,
      /is of an authority that is not known here/,
      'tls: { ca: PATH-OF-THE-AUTHORITY.pem }',
    ],
    [
      'a certificate signed by itself',
      createSelfSigned(['DNS:idp.test']),
      null,
      /is signed by itself/,
      'tls: { ca: PATH-OF-THIS-CERTIFICATE.pem }',
    ],
    [
      'an expired certificate',
      authority.issue(['DNS:idp.test'], { days: -1 }),
      authority.ca,
      /has expired/,
      null,
    ],
    [
      'another name',
      authority.issue(['DNS:idp.internal']),
      authority.ca,
      /is for "DNS:idp\.internal" and not for idp\.test/,
      'connectTo: { host: idp.test, serverName: NAME-OF-THE-CERTIFICATE }',
    ],
  ])('is broken with %s, and no secret is sent', async (_what, certificate, ca, problem, setting) => {
    const secure = await startFaultServer({ tls: certificate });
    secure.always(json({ active: false }));
    const tls = { ca, minVersion: 'TLSv1.2' } as const;
    const client = aClientOf(`https://idp.test:${secure.port}/introspect`, {
      ...withSecret,
      allowHttp: false,
      tls,
    });
    const { works, broken, settings } = await examine(client);
    expect(works).toBe(false);
    expect(broken[0]).toMatch(problem);
    expect(settings).toEqual(setting === null ? [] : [setting]);
    expect(secure.requests).toEqual([]);
    await secure.stop();
  });

  it('tells when a certificate will end soon', async () => {
    const secure = await startFaultServer({ tls: authority.issue(['IP:127.0.0.1'], { days: 3 }) });
    secure.always(json({ active: false }));
    const tls = { ca: authority.ca, minVersion: 'TLSv1.2' } as const;
    const { works, odd } = await examine(aClientOf(secure.url('/'), { ...withSecret, tls }));
    expect(works).toBe(true);
    expect(odd).toEqual([expect.stringMatching(/ends on \d{4}-\d\d-\d\d \(2 days\)$/)]);
    await secure.stop();
  });
});

/** Takes only what this says of a request. */
const takingOnly = (isGood: (request: RecordedRequest) => boolean, refusal: Answer): Answer => {
  return (request) => {
    const answer = isGood(request) ? json({ active: false }) : refusal;
    return typeof answer === 'function' ? answer(request) : answer;
  };
};
const basicPair = ({ headers }: RecordedRequest): string =>
  Buffer.from(String(headers['authorization'] ?? '').replace('Basic ', ''), 'base64').toString();

describe('the answer of the endpoint', () => {
  it.each<[string, Answer, problem: RegExp, settings: () => readonly string[]]>([
    [
      'text/plain',
      jsonText('{"active":false}', { headers: { 'content-type': 'text/plain' } }),
      /content type is "text\/plain"; RFC 7662/,
      () => [],
    ],
    ['no content type', { ...jsonText('{"active":false}'), headers: {} }, /content type is none/, () => []],
    [
      'active as a string',
      json({ active: 'false' }),
      /^"active" is a JSON string; RFC 7662 section 2\.2 has a boolean/,
      () => [],
    ],
    ['active as a number', json({ active: 0 }), /^"active" is a JSON number/, () => []],
    ['no active', json({}), /"active" is missing/, () => []],
    ['200 with HTML', html(), /HTML page came back with status 200/, () => [ENDPOINT]],
    [
      'a signed answer',
      jsonText('x.y.z', { headers: { 'content-type': 'application/token-introspection+jwt' } }),
      /is signed/,
      () => ['introspection: { response: jwt }'],
    ],
    ['a compressed answer', gzipped({ active: false }), /compressed/, () => []],
    ['a huge answer', huge(70_000), /too long/, () => ['introspection: { maxAnswer: 1MiB }']],
    [
      'a redirect',
      redirect(302, '/login'),
      /status 302/,
      () => [`introspection: { endpoint: "${server.url('/login')}" }  # if that is right`],
    ],
    ['a redirect to nowhere', status(302), /status 302/, () => [ENDPOINT]],
    ['404', status(404), /status 404; is http:.* the introspection endpoint\?/, () => [ENDPOINT]],
    ['405', status(405), /status 405/, () => [ENDPOINT]],
    ['500', status(500), /status 500/, () => []],
    ['429', status(429), /status 429/, () => []],
    [
      'a token that is active though nobody issued it',
      json({ active: true }),
      /must not be believed/,
      () => [],
    ],
  ])('with %s: says what is wrong', async (_what, answer, problem, settings) => {
    server.on('/introspect', answer);
    const examined = await examine(asking());
    expect(examined.works).toBe(false);
    expect(examined.broken).toEqual([expect.stringMatching(problem)]);
    expect(examined.settings).toEqual(settings());
  });

  it('that is plain where a signed one was asked for says so', async () => {
    const { broken, settings } = await examine(asking({ introspection: { signedAnswers: signedAnswers() } }));
    expect(broken).toEqual([expect.stringContaining('the answer is plain JSON')]);
    expect(settings).toEqual(['introspection: { response: json }']);
  });

  it('that does not come in time says so', async () => {
    server.on('/introspect', json({ active: false }, { delayMs: 5_000 }));
    const { broken, settings } = await examine(asking({ introspection: { timeout: milliseconds(200) } }));
    expect(broken).toEqual([expect.stringMatching(/did not answer within 200 ms$/)]);
    expect(settings).toEqual(['introspection: { timeout: 10s }']);
  });
});

describe('credentials that are refused', () => {
  it.each<[string, (request: RecordedRequest) => boolean, Partial<ClientContext>, readonly string[]]>([
    [
      'post instead of basic',
      ({ body }) => new URLSearchParams(body).get('client_secret') === SECRET,
      withSecret,
      ['auth: client_secret_post'],
    ],
    [
      'basic instead of post',
      (request) => basicPair(request).startsWith('gateway:hunter2-hunter2%3A'),
      { authentication: { method: 'client_secret_post', secret: new Secret(SECRET) } },
      ['auth: client_secret_basic'],
    ],
    [
      'basic that is not form-encoded',
      (request) => basicPair(request) === `gateway:${SECRET}`,
      withSecret,
      ['auth: { method: client_secret_basic, encoding: raw }'],
    ],
  ])('are found to be wanted as %s', async (_what, isGood, differing, settings) => {
    for (const refusal of [
      status(401),
      status(403),
      status(400, { ...json({ error: 'invalid_client' }), status: 400 }),
    ]) {
      server.on('/introspect', takingOnly(isGood, refusal));
      const examined = await examine(asking(differing));
      expect(examined.works).toBe(false);
      expect(examined.broken).toEqual([expect.stringContaining('takes them another way')]);
      expect(examined.settings).toEqual(settings);
    }
  });

  const claimIn = ({ body }: RecordedRequest, name: 'aud' | 'typ'): unknown => {
    const assertion = new URLSearchParams(body).get('client_assertion') ?? '';
    return name === 'typ' ? decodeProtectedHeader(assertion).typ : decodeJwt(assertion).aud;
  };

  it.each<[setting: string, (request: RecordedRequest) => boolean]>([
    ['sendClientId: true', ({ body }) => new URLSearchParams(body).get('client_id') === 'gateway'],
    ['typ: JWT', (request) => claimIn(request, 'typ') === 'JWT'],
    ['audience: introspection_endpoint', (request) => claimIn(request, 'aud') === server.url('/introspect')],
  ])('are found to be wanted as assertions with %s', async (setting, isGood) => {
    server.on('/introspect', takingOnly(isGood, status(401)));
    const assertion = {
      algorithms: ['HS256'],
      audience: 'issuer',
      type: null,
      lifetime: milliseconds(60_000),
      sendClientId: false,
    } as const;
    const secret = new Secret(`${SECRET}, of more than thirty-two bytes`);
    const { broken, settings } = await examine(
      asking({
        issuer: server.origin,
        authentication: { method: 'client_secret_jwt', secret, assertion },
      }),
    );
    expect(broken).toEqual([expect.stringContaining('takes them another way')]);
    expect(settings).toContain(`auth: { …, ${setting} }`);
    expect(settings.filter((text) => text.startsWith('auth:'))).toHaveLength(1);
  });

  it.each([
    ['works with the previous one', 'previous', true, 2],
    ['takes neither', 'another', false, 5],
  ])('while they are rotated: tries both, once, where the server %s', async (_what, known, works, atMost) => {
    const pair = `gateway:${known}`;
    server.on(
      '/introspect',
      takingOnly((request) => basicPair(request) === pair, status(401)),
    );
    const authentication = { method: 'client_secret_basic', secret: new Secret('previous') } as const;
    const examined = await examine(asking({ previous: { authentication, until: null } }));
    expect(examined.works).toBe(works);
    expect(examined.odd).toContainEqual(expect.stringContaining('the previous one is tried'));
    expect(examined.broken).toHaveLength(works ? 0 : 1);
    expect(server.requests.length).toBeLessThanOrEqual(atMost);
  });

  it('are missing where the code that hands them over fails, and nothing is asked', async () => {
    const secretFrom = () => Promise.reject(new Error('hunter2'));
    const { works, broken } = await examine({ ...asking(), secretFrom });
    expect({ works, broken }).toEqual({
      works: false,
      broken: [expect.stringMatching(/^we cannot say who we are: .*failed, or took too long$/)],
    });
    expect(server.requests).toEqual([]);
  });

  it.each([401, 403])(
    'in every way are what is wrong (%d), and no more than a handful of questions',
    async (code) => {
      server.on('/introspect', status(code));
      const { works, broken } = await examine(asking());
      expect(works).toBe(false);
      expect(broken).toEqual([
        expect.stringMatching(
          /refuses our client id and secret as client_secret_basic .*is `clientId` right/,
        ),
      ]);
      expect(server.requests.length).toBeLessThanOrEqual(4);
    },
  );

  it('are never shown: no secret, no token in any finding (T-51)', async () => {
    server.on(OAUTH, json(aDocument()));
    server.on('/introspect', status(401, { body: 'x' }));
    const { findings } = await examine(discovering());
    const told = JSON.stringify(findings);
    expect(told).not.toContain('hunter2');
    for (const { body } of server.requests) {
      const token = new URLSearchParams(body).get('token');
      if (token !== null) expect(told).not.toContain(token);
    }
  });
});

describe('foreign text', () => {
  it('cannot play with the terminal', async () => {
    server.on(OAUTH, json(aDocument({ issuer: 'https://x.example/\u001b[2J\u202e' })));
    const { findings } = await examine(discovering());
    expect(findings.map(({ text, settings }) => [text, ...settings].join()).join()).not.toMatch(
      /[\u0000-\u0009\u000b-\u001f\u202e]/,
    );
  });
});
