import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { challengeFor, seconds } from '../../src/domain/index.ts';
import { parseChallenge } from './parse-challenge.ts';

const STEP_UP = { acrValues: ['urn:gold', 'admin'], maxAge: seconds(300) };

describe('challengeFor', () => {
  it.each([
    ['realm alone when nothing was presented (R1, BEAR-7, BEAR-11)', 'api', 'none', [], 'Bearer realm="api"'],
    [
      'invalid_token (R6, golden 22.14)',
      'api',
      'invalid_token',
      [],
      'Bearer realm="api", error="invalid_token", error_description="The access token is not valid"',
    ],
    [
      'invalid_request (R3)',
      'api',
      'invalid_request',
      [],
      'Bearer realm="api", error="invalid_request", error_description="The request does not carry exactly one well-formed access token"',
    ],
    [
      'insufficient_scope with every scope (R9, BEAR-18)',
      'api',
      'insufficient_scope',
      ['files:read', 'files:write'],
      'Bearer realm="api", error="insufficient_scope", error_description="The access token does not have the required scope", scope="files:read files:write"',
    ],
    [
      'insufficient_scope without a list when the route names none',
      'api',
      'insufficient_scope',
      [],
      'Bearer realm="api", error="insufficient_scope", error_description="The access token does not have the required scope"',
    ],
    [
      'a realm with its quotes escaped (BEAR-10, golden 22.14)',
      'a "quoted" \\ realm',
      'none',
      [],
      'Bearer realm="a \\"quoted\\" \\\\ realm"',
    ],
  ] as const)('writes %s', (_case, realm, error, scopes, challenge) => {
    expect(challengeFor({ realm, error, scopes, stepUp: null })).toBe(challenge);
  });

  it.each(['none', 'invalid_token', 'invalid_request'] as const)(
    'keeps scopes to itself with %s',
    (error) => {
      expect(challengeFor({ realm: 'api', error, scopes: ['admin'], stepUp: STEP_UP })).not.toContain(
        'admin',
      );
    },
  );

  it.each([
    ['both demands (R11, STEP-3)', [], STEP_UP, ', acr_values="urn:gold admin", max_age="300"'],
    ['the level alone', [], { ...STEP_UP, maxAge: null }, ', acr_values="urn:gold admin"'],
    ['the age alone', [], { acrValues: [], maxAge: seconds(0) }, ', max_age="0"'],
    [
      'scopes where they are short, too',
      ['files:read'],
      STEP_UP,
      ', scope="files:read", acr_values="urn:gold admin", max_age="300"',
    ],
  ] as const)('writes insufficient_user_authentication with %s', (_case, scopes, stepUp, ending) => {
    expect(challengeFor({ realm: 'api', error: 'insufficient_user_authentication', scopes, stepUp })).toBe(
      `Bearer realm="api", error="insufficient_user_authentication", error_description="The user must be authenticated again, or in a stronger way"${ending}`,
    );
  });

  it('reads back as what was written, whatever realm and scopes (BEAR-8, BEAR-9, BEAR-10)', () => {
    const realm = fc.string({ unit: ascii(' ', '~') });
    const scope = fc.string({
      unit: ascii('!', '~').filter((letter) => !'"\\'.includes(letter)),
      minLength: 1,
    });
    const error = fc.constantFrom(
      'none',
      'invalid_request',
      'invalid_token',
      'insufficient_scope',
      'insufficient_user_authentication',
    );
    const stepUp = fc.record({
      acrValues: fc.array(scope),
      maxAge: fc.option(fc.nat().map((age) => seconds(age))),
    });
    fc.assert(
      fc.property(realm, error, fc.array(scope), stepUp, (realm, error, scopes, stepUp) => {
        const { scheme, parameters } = parseChallenge(challengeFor({ realm, error, scopes, stepUp }));
        expect(scheme).toBe('Bearer');
        expect(parameters.get('realm')).toBe(realm);
        expect(parameters.get('error')).toBe(error === 'none' ? undefined : error);
        expect(parameters.get('error_description') ?? '').toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/);
        const isStepUp = error === 'insufficient_user_authentication';
        const isAboutScopes = isStepUp || error === 'insufficient_scope';
        expect(parameters.get('scope')).toBe(isAboutScopes ? listed(scopes) : undefined);
        expect(parameters.get('acr_values')).toBe(isStepUp ? listed(stepUp.acrValues) : undefined);
        const age = isStepUp && stepUp.maxAge !== null ? String(stepUp.maxAge) : undefined;
        expect(parameters.get('max_age')).toBe(age);
        expect([...parameters.keys()]).toEqual(
          ['realm', 'error', 'error_description', 'scope', 'acr_values', 'max_age'].filter((name) =>
            parameters.has(name),
          ),
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

function listed(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : values.join(' ');
}

function ascii(first: string, last: string): fc.Arbitrary<string> {
  return fc
    .integer({ min: first.charCodeAt(0), max: last.charCodeAt(0) })
    .map((code) => String.fromCharCode(code));
}

describe('parseChallenge, which the test above trusts', () => {
  it.each([
    ['no parameter', 'Bearer'],
    ['a repeated parameter', 'Bearer realm="a", Realm="b"'],
    ['an open quote', 'Bearer realm="a'],
    ['a bare quote inside', 'Bearer realm="a"b"'],
    ['a line break', 'Bearer realm="a\r\nb"'],
    ['a second challenge', 'Bearer realm="a", DPoP algs="b"'],
    ['a comma at the end', 'Bearer realm="a", '],
  ])('refuses %s', (_case, text) => {
    expect(() => parseChallenge(text)).toThrow();
  });
});
