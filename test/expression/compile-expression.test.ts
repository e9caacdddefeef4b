import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../src/domain/index.ts';
import { compileExpression, type RequestFields, type Verdict } from '../../src/expression/index.ts';

const NOTHING: RequestFields = {
  field: () => undefined,
  header: () => undefined,
  param: () => undefined,
  context: () => undefined,
};

function flawOf(text: string): string | null {
  const compiled = compileExpression(text);
  return compiled.ok ? null : compiled.failure;
}

function verdictOf(text: string, claims: JsonObject = {}, request: Partial<RequestFields> = {}): Verdict {
  const compiled = compileExpression(text);
  if (!compiled.ok) throw new Error(compiled.failure);
  return compiled.value.evaluate({ claims, request: { ...NOTHING, ...request }, route: 'orders' });
}

describe('compileExpression: what is refused at load (T-67)', () => {
  it.each([
    ['cannot be read', 'token.'],
    ['cannot be read', 'token.sub = "a"'],
    ['cannot be read', ''],
    ['names "user"', 'user.sub == "a"'],
    ['names "process"', 'process.env'],
    ['names "toString"', 'toString == 1'],
    ['names "__proto__"', '__proto__ == 1'],
    ['process"', '.process.env == "a"'],
    ['names "x"', 'token.a.exists(x, x == 1) && x == 2'],
    ['calls matches', 'token.sub.matches("(a+)+$")'],
    ['calls "replace"', 'token.sub.replace("a", "bb") == "b"'],
    ['calls "timestamp"', 'timestamp(token.exp) > timestamp("2026-01-01T00:00:00Z")'],
    ['calls "constructor"', 'token.sub.constructor("x") == 1'],
    ['calls "eval"', 'eval("1")'],
    ['calls has with something else', 'has(token)'],
    ['makes an object of a type', 'google.protobuf.Duration{seconds: 1} == token.x'],
    ['reads of the request what is not there', 'request == token'],
    ['reads of the request what is not there', 'request.body == "a"'],
    ['reads of the request what is not there', 'request[token.x] == "a"'],
    ['reads of the route what is not there', 'route.secret == "a"'],
    ['reads of the route what is not there', 'route == "a"'],
    ['without a constant name behind it', 'size(request.headers) > 1'],
    ['without a constant name behind it', 'request.headers[token.x] == "a"'],
    ['without a constant name behind it', 'request.params.exists(p, p == "a")'],
    ['without a constant name behind it', 'token.x in request.context'],
    ['with capital letters', 'request.headers["X-Tenant"] == "a"'],
    ['a loop inside of a loop', 'token.a.exists(x, token.b.exists(y, y == x))'],
    ['a loop inside of a loop', 'token.a.map(x, token.b.filter(y, y == x)).size() == 1'],
    ['calls a variable "token"', 'token.a.exists(token, token == 1)'],
    ['calls a variable "request"', 'token.a.all(request, request == 1)'],
    ['looks at nothing', 'true'],
    ['looks at nothing', '1 == 1'],
    ['looks at nothing', 'route.name == "a"'],
  ])('%s: %s', (flaw, text) => {
    expect(flawOf(text)).toContain(flaw);
  });

  it.each([
    ['over 500 parts', 'many parts', `token.a == ${'1 + '.repeat(300)}1`],
    ['over 4 KiB', 'many characters', `token.sub == "${'a'.repeat(4_096)}"`],
    ['over 4 KiB', 'many bytes', `token.sub == "${'ä'.repeat(2_048)}"`],
    ['nested too deeply', 'many brackets', `${'('.repeat(2_000)}token.a${')'.repeat(2_000)} == 1`],
  ])('%s: %s', (flaw, _case, text) => {
    expect(flawOf(text)).toContain(flaw);
  });

  it('takes 500 parts', () => {
    expect(flawOf(`token.a == ${'1 + '.repeat(248)}1`)).toBeNull();
    expect(flawOf(`token.a == ${'1 + '.repeat(249)}1`)).toContain('over 500 parts');
  });

  it('shows nothing of the text that cannot be read', () => {
    expect(flawOf('token.sub == canary canary')).not.toContain('canary');
  });

  it('ends with a flaw or an expression for any text, and never throws', () => {
    const words = [
      'token',
      'request',
      'route',
      '.',
      'headers',
      '[',
      ']',
      '(',
      ')',
      '"a"',
      '==',
      '&&',
      '!',
      'x',
      ',',
      'exists',
      '?',
      ':',
      '{',
      '}',
      '1',
      '-',
    ];
    const texts = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words)).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const compiled = compileExpression(text);
        if (!compiled.ok) return;
        const verdict = compiled.value.evaluate({ claims: { x: [1] }, request: NOTHING, route: 'r' });
        expect(['true', 'false', 'failed']).toContain(verdict);
      }),
      { numRuns: 500 },
    );
  });
});

describe('compileExpression: what it is about', () => {
  it.each([
    [true, [], 'token.sub == "a"'],
    [true, [], '"act" in token && size(token) > 3'],
    [false, [], 'token.sub == "a" && route.name == "b"'],
    [false, [], 'request.method == "GET"'],
    [false, [], 'token.sub == "a" || has(request.headers.x)'],
    [false, ['id'], 'request.params.id == token.sub'],
    [false, ['id', 'at'], 'request.params["id"] == "a" || "at" in request.params'],
  ])('about the token alone: %s, segments %j: %s', (isAboutToken, params, text) => {
    const compiled = compileExpression(text);
    expect(compiled.ok ? compiled.value : compiled.failure).toMatchObject({ isAboutToken, params });
  });
});

describe('evaluate', () => {
  const claims: JsonObject = {
    sub: 'alice',
    level: 3,
    part: 0.5,
    none: null,
    admin: true,
    groups: ['dev', 'ops'],
    scope: 'read write',
    realm_access: { roles: ['user'] },
    act: { sub: 'robot' },
  };

  it.each<readonly [Verdict, string]>([
    ['true', 'token.sub == "alice"'],
    ['true', 'token.level == 3 && token.level >= 2.5 && token.level in [3, 4]'],
    ['true', 'token.part < 1'],
    ['true', 'token.admin'],
    ['true', '"dev" in token.groups'],
    ['true', 'token.groups.exists(g, g.startsWith("o"))'],
    ['true', 'token.groups.filter(g, g != "dev").size() == 1'],
    ['true', 'token.groups.map(g, g + "!").exists(g, g == "ops!")'],
    ['true', 'token.scope.split(" ").exists_one(s, s == "read")'],
    ['true', 'token.act.sub.lowerAscii() == "robot" && has(token.act.sub)'],
    ['true', '"user" in token.realm_access.roles && token["sub"].contains("lic")'],
    ['true', '!has(token.missing) && !has(token.none)'],
    ['true', 'has(token.missing) ? token.missing == "a" : token.sub.endsWith("ce")'],
    ['false', 'token.level == "3"'],
    ['false', 'token.sub == "ALICE"'],
    ['false', 'token.groups.all(g, g == "dev")'],
    ['failed', 'token.missing == "a"'],
    ['failed', 'token.missing != "a"'],
    ['failed', '!(token.missing == "a")'],
    ['failed', 'token.groups[7] == "a"'],
    ['failed', 'token.level / 0 == "a"'],
    ['failed', '1 / (int(token.level) - 3) == 1'],
    ['failed', 'token.sub'],
    ['failed', 'token.level'],
    ['failed', 'token.sub + 1 == "a"'],
    ['failed', 'token.constructor == "a"'],
    ['failed', 'token.sub.length == 5'],
  ])('is %s: %s', (verdict, text) => {
    expect(verdictOf(text, claims)).toBe(verdict);
  });

  it('reads what an answer holds, and nothing of what objects have by themselves (T-26)', () => {
    expect(verdictOf('has(token.toString) || "constructor" in token.act', claims)).toBe('false');
  });

  it('fails with lists and objects that are too long to be looked through', () => {
    const many = (count: number): Json => Array.from({ length: count }, (_, at) => `item-${at}`);
    expect(verdictOf('"item-7" in token.list', { list: many(1_024) })).toBe('true');
    expect(verdictOf('"item-7" in token.list', { list: many(1_025) })).toBe('failed');
    expect(verdictOf('"a" in token.inner.list', { inner: { list: many(1_025) } })).toBe('failed');
    const members = Object.fromEntries(Array.from({ length: 1_025 }, (_, at) => [`m${at}`, at]));
    expect(verdictOf('"a" in token.inner', { inner: members })).toBe('failed');
    expect(verdictOf('size(token) > 0', members)).toBe('failed');
    expect(verdictOf('token.text.split(",").size() > 0', { text: ','.repeat(1_024) })).toBe('failed');
    expect(verdictOf('token.other == "a"', { other: 'a', list: many(1_025) })).toBe('true');
  });

  it('asks the request for what the expression reads, and for nothing else', () => {
    const asked: string[] = [];
    const tell = (kind: string) => (name: string) => {
      asked.push(`${kind} ${name}`);
      return 'a';
    };
    const request = {
      field: tell('field'),
      header: tell('header'),
      param: tell('param'),
      context: tell('context'),
    };
    const text =
      'request.path == "a" && request.headers["x-a"] == request.params.id && "tier" in request.context';
    expect(verdictOf(text, {}, request)).toBe('true');
    expect(asked).toEqual(['field path', 'header x-a', 'param id', 'context tier']);
  });

  it('fails when a header that it reads stands there twice, whatever it does with it', () => {
    const twice = { header: () => ['a', 'a'] };
    expect(verdictOf('!has(request.headers.x) || token.sub == "alice"', claims, twice)).toBe('failed');
  });

  it('fails when the request cannot tell, and does not throw', () => {
    const field = (): string => {
      throw new TypeError('not UTF-8');
    };
    expect(verdictOf('request.path == "a"', {}, { field })).toBe('failed');
  });
});
