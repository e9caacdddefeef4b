/** How a token looks: `opaque` has 43 characters, `jwt` 1,200 in three parts. */
export type Shape = 'opaque' | 'jwt';

/** Which tokens the authorization server calls active is told by their first letter alone. */
export type Standing = 'good' | 'bad';

const NUMBER_DIGITS = 8;
const OPAQUE_FILLING = 'Zk3vQ0bW9tYs7RfXeH2uJpLcDnGaMi5o';
const JWT_HEAD = 'eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0';

/** The `number`th token of its shape. All of one shape are of one length; the number is its last eight characters. */
export function tokenText(shape: Shape, number: number, standing: Standing = 'good'): string {
  const last = String(number).padStart(NUMBER_DIGITS, '0');
  const first = standing === 'good' ? 'g' : 'b';
  if (shape === 'opaque') return `${first}at${OPAQUE_FILLING}${last}`;
  const filling = OPAQUE_FILLING.repeat(40);
  return `${JWT_HEAD}.${first}${filling.slice(0, 800)}.${filling.slice(0, 1_200 - 800 - 3 - JWT_HEAD.length - NUMBER_DIGITS)}${last}`;
}

/** Read by the authorization server. */
export function standingOf(token: string): Standing {
  const first = token.startsWith(JWT_HEAD) ? token.charAt(JWT_HEAD.length + 1) : token.charAt(0);
  return first === 'g' ? 'good' : 'bad';
}

/** The subject that the authorization server gives it: what an answer about this token, and no other, must hold. */
export function subjectOf(token: string): string {
  return `user-${token.slice(-NUMBER_DIGITS)}`;
}
