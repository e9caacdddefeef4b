import {
  type AllowDecision,
  fail,
  type FaultDecision,
  type HeaderField,
  type Result,
  succeed,
} from '../../../domain/index.ts';
import type { AllowReply } from '../profile.ts';
import { faulted } from '../refusals.ts';

/** NGINX reads an answer's header section into one buffer (`proxy_buffer_size`, 32k in deploy/nginx). */
const SECTION_BYTES_MAX = 24 * 1024;
/** Envoy drops an answer of more than 100 fields, HAProxy one of more than 101; node adds a few of its own. */
const FIELDS_MAX = 90;
/** What the status line and the fields that node adds (`date`, `content-length`, `connection`) may take. */
const FRAME_BYTES = 256;

/** Names that say how an answer is read: none of them can carry a value for the upstream. */
const TAKEN_NAMES: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const VISIBLE = /^[\x20-\x7e]*$/;

/**
 * The reply of an allow: the front's own fields, then those for the upstream.
 *
 * Never: a reply that the front would cut, drop or read differently. Envoy takes such an answer as its own error, which
 * `failure_mode_allow` lets pass with whatever identity headers the client made up; so it becomes a fault here.
 */
export function allowReply(
  { mutations, route }: AllowDecision,
  own: readonly HeaderField[],
  fieldsMax = FIELDS_MAX,
): Result<AllowReply, FaultDecision> {
  const headers = [{ name: 'cache-control', value: 'no-store' }, ...own, ...mutations.set];
  if (headers.length > fieldsMax || sectionBytes(headers) > SECTION_BYTES_MAX)
    return fail(
      faulted('answer_unsendable', 'the headers for the upstream are too many or too large', route),
    );

  const ours = new Set(['cache-control', ...own.map(({ name }) => name)]);
  const misfit = mutations.set.find(
    ({ name, value }) => TAKEN_NAMES.has(name) || ours.has(name) || !TOKEN.test(name) || !VISIBLE.test(value),
  );
  if (misfit !== undefined)
    return fail(
      faulted(
        'answer_unsendable',
        `the upstream header ${misfit.name} cannot be carried by an answer`,
        route,
      ),
    );
  return succeed({ status: 200, headers, body: '' });
}

/** On the wire: `name: value CRLF`. Values are visible ASCII, one byte a character. */
function sectionBytes(headers: readonly HeaderField[]): number {
  return headers.reduce((sum, { name, value }) => sum + name.length + value.length + 4, FRAME_BYTES);
}
