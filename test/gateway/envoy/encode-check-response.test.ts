import { isUtf8 } from 'node:buffer';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  ALLOW_REASONS,
  type AllowReason,
  type Decision,
  DENY_REASONS,
  type DenyReason,
  FAULT_REASONS,
  type FaultReason,
  type Json,
  type JsonObject,
  type UpstreamMutations,
} from '../../../src/domain/index.ts';
import { encodeAllow, encodeRefusal } from '../../../src/gateway/envoy/encode-check-response.ts';
import { createDecisionEncoder } from '../../../src/gateway/envoy/encode-decision.ts';
import { anAllow, aDenial, aFault, answerFor, mutations } from './builders.ts';
import { CODECS, type OracleResponse, type OracleStruct, type OracleValue } from './protos.ts';

const RUNS = 2_000;

describe.each(CODECS)('an encoded answer, read with $name', (codec) => {
  it('says of an allow what the mutations say', () => {
    fc.assert(
      fc.property(someMutations, someStrays, (mutations, strays) => {
        const read = codec.decodeResponse(encodeAllow(mutations, strays));
        const set = mutations.set.map(({ name }) => name);
        expect(read).toMatchObject({
          status: { code: 0, message: '' },
          httpResponse: 'okResponse',
          okResponse: {
            headersToRemove: [...mutations.remove, ...strays.filter((name) => !set.includes(name))],
            dynamicMetadata: null,
            responseHeadersToAdd: [],
            queryParametersToSet: [],
            queryParametersToRemove: [],
          },
        });
        expect(headersOf(read.okResponse?.headers)).toEqual(mutations.set);
        expect(fromStruct(read.dynamicMetadata)).toEqual(wellFormed(mutations.metadata));
      }),
      { numRuns: RUNS },
    );
  });

  it('takes the token away from where it was in the request (BEAR-6)', () => {
    const spent = {
      set: [{ name: 'cookie', value: 'a=1' }],
      remove: ['x-token'],
      removeQuery: ['access_token'],
    };
    const made = mutations({ set: [{ name: 'x-a', value: '1' }], remove: ['x-b'] });
    const read = codec.decodeResponse(encodeAllow(made, ['x_a'], spent));
    expect(read.okResponse).toMatchObject({
      headersToRemove: ['x-b', 'x_a', 'x-token'],
      queryParametersToRemove: ['access_token'],
    });
    expect(headersOf(read.okResponse?.headers)).toEqual([...made.set, ...spent.set]);
  });

  it('overwrites what the client sent, for readers of `append` and of `append_action` alike', () => {
    const [option] = codec.decodeResponse(encodeAllow(mutations(), [])).okResponse?.headers ?? [];
    expect(option).toMatchObject({ append: { value: false }, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' });
    expect(option?.header.rawValue).toHaveLength(0);
  });

  it('says of a refusal what the answer says, and leaves `append` unset', () => {
    fc.assert(
      fc.property(aRefusal, (refusal) => {
        const answer = answerFor(refusal);
        const read = codec.decodeResponse(encodeRefusal(answer));
        expect(read).toMatchObject({
          status: { code: answer.rpcCode },
          httpResponse: 'deniedResponse',
          deniedResponse: { body: answer.body },
          dynamicMetadata: null,
        });
        expect(headersOf(read.deniedResponse?.headers)).toEqual(answer.headers);
        expect(read.deniedResponse?.headers.every(({ append }) => append === null)).toBe(true);
        expect(STATUS_NAMES[read.deniedResponse?.status.code ?? '']).toBe(answer.status);
      }),
      { numRuns: 300 },
    );
  });

  it('never has code 0 or `ok_response` unless the decision is an allow, and then both (ENV-1, ENV-4)', () => {
    const encoder = createDecisionEncoder(answerFor);
    fc.assert(
      fc.property(aDecision, (decision) => {
        const read = codec.decodeResponse(encoder.encode(decision));
        const isAllow = decision.kind === 'allow';
        expect(read.status?.code === 0).toBe(isAllow);
        expect(read.httpResponse).toBe(isAllow ? 'okResponse' : 'deniedResponse');
        return read.status !== null;
      }),
      { numRuns: RUNS },
    );
    expect(refuses(codec.decodeResponse(encoder.lastResort))).toBe(true);
  });
});

describe('an encoded answer', () => {
  const [codec] = CODECS;

  it('is UTF-8 in every text, half a surrogate pair included, for Envoy refuses a message that is not', () => {
    const broken = '\ud83d';
    const bytes = encodeAllow(mutations({ metadata: { [broken]: `a${broken}b` } }), []);
    const metadata = codec?.decodeResponse(bytes).dynamicMetadata;
    expect(fromStruct(metadata ?? null)).toEqual({ '\ufffd': 'a\ufffdb' });
    // Everything before the struct is ASCII here, and its lengths are below 128.
    expect(isUtf8(bytes)).toBe(true);
  });

  it('nests no deeper than a protobuf parser reads, whatever the server said', () => {
    const bytes = encodeAllow(mutations({ metadata: { claim: nested(200) } }), []);
    expect(depthOf(bytes)).toBeLessThan(100);
    expect(JSON.stringify(fromStruct(codec?.decodeResponse(bytes).dynamicMetadata ?? null))).toContain(
      'null',
    );
  });

  it('carries an object of sixteen levels whole', () => {
    const metadata = { claim: nested(14) };
    const bytes = encodeAllow(mutations({ metadata }), []);
    expect(fromStruct(codec?.decodeResponse(bytes).dynamicMetadata ?? null)).toEqual(metadata);
  });

  it.each([0, 127, 128, 16_383, 16_384, 300_000])('carries a text of %i bytes', (length) => {
    const metadata = { claim: 'ü'.repeat(length / 2) };
    const bytes = encodeAllow(mutations({ metadata }), []);
    expect(fromStruct(codec?.decodeResponse(bytes).dynamicMetadata ?? null)).toEqual(metadata);
  });
});

describe('createDecisionEncoder', () => {
  it('makes the bytes of an allow once for each mutations object (decision 13)', () => {
    const { encode } = createDecisionEncoder(answerFor);
    const decision = anAllow();
    expect(encode({ ...decision })).toBe(encode({ ...decision }));
    expect(encode(anAllow({ mutations: { ...decision.mutations } }))).not.toBe(encode(decision));
  });

  it('keeps nothing but the bytes themselves', () => {
    const { encode } = createDecisionEncoder(answerFor);
    const bytes = encode(anAllow());
    expect(bytes.buffer.byteLength).toBe(bytes.length);
  });

  it('makes an allow with strays afresh, and the bytes kept for others stay as they are', () => {
    const { encode } = createDecisionEncoder(answerFor);
    const plain = anAllow();
    const before = Buffer.from(encode(plain));
    const strayed = encode(
      anAllow({ mutations: plain.mutations, strays: ['x_auth.subject', 'x-auth-subject'] }),
    );
    expect(CODECS[0]?.decodeResponse(strayed).okResponse?.headersToRemove).toEqual([
      ...plain.mutations.remove,
      'x_auth.subject',
    ]);
    expect(encode(plain)).toEqual(before);
  });
});

const STATUS_NAMES: Readonly<Record<string, number>> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  PayloadTooLarge: 413,
  TooManyRequests: 429,
  RequestHeaderFieldsTooLarge: 431,
  ServiceUnavailable: 503,
};

function refuses(read: OracleResponse): boolean {
  return read.status !== null && read.status.code !== 0 && read.httpResponse === 'deniedResponse';
}

function headersOf(options: readonly { header: { key: string; value: string } }[] = []): object[] {
  return options.map(({ header: { key, value } }) => ({ name: key, value }));
}

function fromStruct(struct: OracleStruct | null): JsonObject {
  return Object.fromEntries(
    Object.entries(struct?.fields ?? {}).map(([name, value]) => [name, fromValue(value)]),
  );
}

function fromValue(value: OracleValue): Json {
  if (value.kind === 'nullValue') return null;
  if (value.kind === 'structValue') return fromStruct(value['structValue'] as OracleStruct);
  if (value.kind === 'listValue')
    return (value['listValue'] as { values: readonly OracleValue[] }).values.map(fromValue);
  return value[value.kind] as Json;
}

/** JSON as it is after its texts have been UTF-8 once. */
function wellFormed(object: JsonObject): unknown {
  return JSON.parse(JSON.stringify(object), (_name, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  );
}

function nested(levels: number): Json {
  let value: Json = 'bottom';
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? { a: value } : [value];
  return value;
}

/** How deep messages lie in messages, taking everything for a message that could be one. */
function depthOf(bytes: Buffer): number {
  let deepest = 0;
  for (let at = 0; at < bytes.length;) {
    const type = (bytes[at] ?? 0) & 7;
    at += 1;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at] ?? 0;
      at += 1;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (type !== 2) continue;
    deepest = Math.max(deepest, depthOf(bytes.subarray(at, at + length)));
    at += length;
  }
  return deepest + 1;
}

const headerName = fc.string({
  unit: fc.constantFrom(...'a b c z 0 9 - _ .'.split(' ')),
  minLength: 1,
  maxLength: 12,
});
const headerValue = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
  maxLength: 200,
});
const memberName = fc.string({ unit: 'binary', maxLength: 6 }).filter((name) => !(name.toWellFormed() in {}));
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(memberName, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

const someMutations: fc.Arbitrary<UpstreamMutations> = fc.record({
  set: fc.uniqueArray(fc.record({ name: headerName, value: headerValue }), {
    selector: ({ name }) => name,
    maxLength: 5,
  }),
  remove: fc.array(headerName, { maxLength: 5 }),
  authorization: fc.constantFrom('strip', 'keep'),
  metadata: fc.dictionary(memberName, json, { maxKeys: 5, noNullPrototype: true }),
});

const someStrays = fc.array(fc.oneof(headerName, fc.constantFrom('a', 'b')), { maxLength: 3 });

const aRefusal = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...(Object.keys(DENY_REASONS) as DenyReason[])),
      fc.array(headerName, { maxLength: 3 }),
    )
    .map(([reason, scopes]) => aDenial(reason, scopes)),
  fc.constantFrom(...(Object.keys(FAULT_REASONS) as FaultReason[])).map((reason) => aFault(reason)),
);

const aDecision: fc.Arbitrary<Decision> = fc.oneof(
  aRefusal,
  fc
    .tuple(fc.constantFrom(...(Object.keys(ALLOW_REASONS) as AllowReason[])), someMutations, someStrays)
    .map(([reason, mutations, strays]) => anAllow({ reason, mutations, strays })),
);
