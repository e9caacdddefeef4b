import {
  AccessToken,
  type Forget,
  type ForgetOutcome,
  type ForgetRequest,
  unreachable,
} from '../domain/index.ts';
import type { Action, ActionAnswer } from './actions.ts';

/** `POST /forget`: has answers forgotten that fit every member of the body. */
export function forgetAction(forget: Forget): Action {
  return async function forgetAsked(body, by) {
    const request = requestOf(body);
    if (typeof request === 'string') return { status: 400, body: { problem: request } };
    return answerTo(await forget(request, by));
  };
}

const MEMBERS = ['token', 'fingerprint', 'jti', 'session', 'subject', 'client', 'issuer', 'tenant'] as const;
type Member = (typeof MEMBERS)[number];

const LONGEST = 2_048;
const LONGEST_TOKEN = 8_192;

/** What is asked for, or what is wrong with it. */
function requestOf(body: Readonly<Record<string, unknown>>): ForgetRequest | string {
  const { everything, ...members } = body;
  const unknown = Object.keys(members).find((name) => !MEMBERS.some((member) => member === name));
  if (unknown !== undefined)
    return `there is a member that is not known; there are: ${MEMBERS.join(' ')} everything`;
  if (everything !== undefined && everything !== true) return '`everything` can only be true';
  const isNothingNamed = Object.keys(members).length === 0;
  if (isNothingNamed && everything !== true)
    return `name what to forget: ${MEMBERS.join(' ')}, or everything: true`;
  if (!isNothingNamed && everything === true) return '`everything` stands alone';

  const flawed = MEMBERS.find((member) => Object.hasOwn(members, member) && !isText(member, members[member]));
  if (flawed !== undefined) return `\`${flawed}\` must be ${FORMS[flawed] ?? 'a text that is not empty'}`;
  if ('token' in members && 'fingerprint' in members)
    return '`token` and `fingerprint` say the same; give one';

  const text = (member: Member) => {
    const value = members[member];
    return typeof value === 'string' ? value : null;
  };
  const token = text('token');
  return {
    token: token === null ? null : new AccessToken(token),
    fingerprint: text('fingerprint')?.toLowerCase() ?? null,
    tokenId: text('jti'),
    session: text('session'),
    subject: text('subject'),
    clientId: text('client'),
    issuer: text('issuer'),
    tenant: text('tenant'),
  };
}

const FORMS: Readonly<Partial<Record<Member, string>>> = {
  token: 'an access token',
  fingerprint: '32 hexadecimal digits, as log lines print them',
};

function isText(member: Member, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  if (member === 'token') return value.length <= LONGEST_TOKEN && /^[A-Za-z0-9._~+/-]+=*$/.test(value);
  if (member === 'fingerprint') return /^[0-9a-fA-F]{32}$/.test(value);
  return value !== '' && value.length <= LONGEST;
}

function answerTo(outcome: ForgetOutcome): ActionAnswer {
  switch (outcome.kind) {
    case 'full':
      return {
        status: 429,
        body: {
          problem: `${outcome.most} things were forgotten of late, and no more are remembered; forget a whole issuer, tenant or everything, or wait`,
        },
      };
    case 'forgotten': {
      const { id, before, fingerprint, told } = outcome;
      return {
        status: told === 'later' ? 202 : 200,
        body: {
          id,
          before: new Date(before).toISOString(),
          ...(fingerprint === null ? {} : { fingerprint }),
          propagated: told === 'everybody',
          note: NOTES[told],
        },
      };
    }
    default:
      return unreachable(outcome);
  }
}

const NOTES = {
  everybody: 'in force here; the shared store keeps it, and every replica that hears it',
  later:
    'in force here only: the shared store does not take it now, and is told as soon as it does, unless this process ends before',
  nobody: 'in force in this process; there is no shared store to tell other replicas through',
} as const satisfies Readonly<Record<Extract<ForgetOutcome, { kind: 'forgotten' }>['told'], string>>;
