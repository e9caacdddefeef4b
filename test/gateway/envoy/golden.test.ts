import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { decodeCheckRequest } from '../../../src/gateway/envoy/decode-check-request.ts';
import { goldenAnswers, type GoldenAnswer } from '../../golden/answers.ts';
import { AT_THE_DOOR, describeCheck } from '../../golden/describe-check.ts';
import { CODECS } from './protos.ts';

const GOLDEN = join(import.meta.dirname, '../../golden');

interface GoldenRequest {
  readonly about: string;
  readonly decoded: object;
  readonly wire: string;
}

describe('requests recorded from a real Envoy', () => {
  it.each(filesIn('requests'))('%s is read as it stands there', (file) => {
    const { decoded, wire } = readRequest(file);
    const result = decodeCheckRequest(Buffer.from(wire, 'hex'), AT_THE_DOOR);
    expect(result.ok && describeCheck(result.value)).toEqual(decoded);
  });

  it.each(filesIn('requests'))(
    '%s has in the complete definitions the same method, path and host',
    (file) => {
      const { decoded, wire } = readRequest(file);
      for (const codec of CODECS) {
        const http = codec.decodeRequest(Buffer.from(wire, 'hex')).attributes?.request?.http;
        expect(decoded).toMatchObject({ method: http?.method, path: http?.path, host: http?.host });
      }
    },
  );
});

describe('golden answers', () => {
  const answers = goldenAnswers();

  it('exist for every reason code, and for nothing else', () => {
    expect(filesIn('answers')).toEqual([...answers.keys()].sort());
  });

  it.each([...answers.keys()])('%s is sent byte for byte', (file) => {
    expect(answers.get(file)).toEqual(readAnswer(file));
  });

  it.each(filesIn('answers'))(
    '%s is a refusal in the complete definitions unless the decision is an allow',
    (file) => {
      const { decision, wire } = readAnswer(file);
      for (const codec of CODECS) {
        const { status, httpResponse } = codec.decodeResponse(Buffer.from(wire, 'hex'));
        const isAllow = decision.kind === 'allow';
        expect([status?.code === 0, httpResponse]).toEqual([
          isAllow,
          isAllow ? 'okResponse' : 'deniedResponse',
        ]);
      }
    },
  );
});

function filesIn(folder: 'requests' | 'answers'): readonly string[] {
  return readdirSync(join(GOLDEN, folder)).sort();
}

function readRequest(file: string): GoldenRequest {
  return JSON.parse(readFileSync(join(GOLDEN, 'requests', file), 'utf8')) as GoldenRequest;
}

function readAnswer(file: string): GoldenAnswer {
  return JSON.parse(readFileSync(join(GOLDEN, 'answers', file), 'utf8')) as GoldenAnswer;
}
