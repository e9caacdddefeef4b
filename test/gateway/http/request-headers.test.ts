import { describe, expect, it } from '@jest/globals';

import { collectFields, onlyValue, visibleHeaders } from '../../../src/gateway/http/request-headers.ts';

const NOTHING_HIDDEN: ReadonlySet<string> = new Set();

describe('request headers of a sub-request', () => {
  it('keeps every line of a repeated name in order of arrival (HTTP-3, T-4)', () => {
    const fields = collectFields(['Authorization', 'Bearer a', 'X-A', '1', 'authorization', 'Bearer b']);
    const headers = visibleHeaders(fields, NOTHING_HIDDEN);
    expect(headers.values('authorization')).toEqual(['Bearer a', 'Bearer b']);
    expect(headers.names).toEqual(['authorization', 'x-a']);
  });

  it('holds names of object members as ordinary headers (HTTP-3)', () => {
    const headers = visibleHeaders(
      collectFields(['__proto__', 'a', 'constructor', 'b', 'toString', 'c']),
      NOTHING_HIDDEN,
    );
    expect(headers.values('__proto__')).toEqual(['a']);
    expect(headers.values('constructor')).toEqual(['b']);
    expect(headers.values('hasownproperty')).toEqual([]);
  });

  it('lists as odd only the names with an underscore or a dot', () => {
    const headers = visibleHeaders(
      collectFields(['X_Auth.Subject', '1', 'x-auth-subject', '2', 'x.y', '3']),
      NOTHING_HIDDEN,
    );
    expect(headers.oddNames).toEqual(['x_auth.subject', 'x.y']);
  });

  it('shows nothing of hidden fields', () => {
    const headers = visibleHeaders(
      collectFields(['X-Gatehouse-Key', 's', 'X_Key', 's', 'Accept', '*/*']),
      new Set(['x-gatehouse-key', 'x_key']),
    );
    expect(headers.names).toEqual(['accept']);
    expect(headers.oddNames).toEqual([]);
    expect(headers.values('x-gatehouse-key')).toEqual([]);
  });

  it.each([
    ['absent', []],
    ['empty', ['X-Original-URI', '']],
    ['repeated', ['X-Original-URI', '/a', 'x-original-uri', '/a']],
  ])('has no only value for a field that is %s', (_how, rawHeaders) => {
    expect(onlyValue(collectFields(rawHeaders), 'x-original-uri')).toBeNull();
  });
});
