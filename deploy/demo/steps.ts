/**
 * The walk through the demo: what is asked, what must come of it, and what it means.
 *
 * Every step checks what truly happened: the client's answer, what reached the upstream, and how often the
 * authorization server was asked. The sentences of a step are said only about what was seen.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { CACHE_SECONDS } from './gatehouse-settings.ts';
import type { StepReport } from './print.ts';
import type { Scene } from './scene.ts';

export interface Step {
  readonly title: string;
  readonly run: (scene: Scene) => Promise<Omit<StepReport, 'title'>>;
}

export const STEPS: readonly Step[] = [
  {
    title: 'A good token is let through, and the upstream is told whose it is',
    async run(scene) {
      const token = await scene.issue('orders:read');
      const { answer, received } = await ask(scene, { path: '/orders/1', token });
      return {
        happened:
          `Envoy answered ${answer.status}. The upstream received x-auth-subject: ${shown(received, 'x-auth-subject')}, ` +
          `x-auth-client: ${shown(received, 'x-auth-client')} and x-auth-scopes: ${shown(received, 'x-auth-scopes')};\n` +
          'the token itself stayed at the gateway.',
        curls: [curl(scene, { path: '/orders/1', token })],
        wrong: problems(
          [answer.status === 200, `the status is ${answer.status} and not 200`],
          [received?.['x-auth-subject'] === scene.subject, 'the upstream was not told the subject'],
          [received?.['x-auth-scopes'] === 'orders:read', 'the upstream was not told the scope'],
          [received !== null && !('authorization' in received), 'the upstream received the token'],
        ),
      };
    },
  },
  {
    title: 'Without a token there is no way in',
    async run(scene) {
      const { answer, received } = await ask(scene, { path: '/orders/1' });
      return {
        happened: `Envoy answered ${answer.status}, "${answer.body}",\nwith the challenge ${challenge(answer)}.`,
        curls: [curl(scene, { path: '/orders/1' })],
        wrong: problems(
          [answer.status === 401, `the status is ${answer.status} and not 401`],
          [challenge(answer).startsWith('Bearer realm='), 'there is no Bearer challenge'],
          [!challenge(answer).includes('error'), 'the challenge names an error although nothing was sent'],
          [received === null, 'the request reached the upstream'],
        ),
      };
    },
  },
  {
    title: 'A token that the authorization server does not know is refused',
    async run(scene) {
      const token = 'made-up-by-somebody';
      const { answer, received } = await ask(scene, { path: '/orders/1', token });
      return {
        happened: `Envoy answered ${answer.status}, "${answer.body}",\nwith the challenge ${challenge(answer)}.`,
        curls: [curl(scene, { path: '/orders/1', token })],
        wrong: problems(
          [answer.status === 401, `the status is ${answer.status} and not 401`],
          [challenge(answer).includes('error="invalid_token"'), 'the challenge does not say invalid_token'],
          [received === null, 'the request reached the upstream'],
        ),
      };
    },
  },
  {
    title: 'A token without the scope that the route needs is refused',
    async run(scene) {
      const token = await scene.issue('orders:read');
      const wish = { path: '/orders/1', token, method: 'POST' };
      const { answer, received } = await ask(scene, wish);
      return {
        happened:
          `The token may read; writing needs orders:write. Envoy answered ${answer.status},\n` +
          `with the challenge ${challenge(answer)}.`,
        curls: [curl(scene, wish)],
        wrong: problems(
          [answer.status === 403, `the status is ${answer.status} and not 403`],
          [challenge(answer).includes('error="insufficient_scope"'), 'the challenge does not say why'],
          [challenge(answer).includes('scope="orders:write"'), 'the challenge does not name the scope'],
          [received === null, 'the request reached the upstream'],
        ),
      };
    },
  },
  {
    title: 'Nobody can claim to be somebody else',
    async run(scene) {
      const headers = { 'x-auth-subject': 'the-admin' };
      const token = await scene.issue('orders:read');
      const asSelf = { path: '/orders/1', token, headers };
      const asNobody = { path: '/healthz', headers };
      const judged = await ask(scene, asSelf);
      const open = await ask(scene, asNobody);
      return {
        happened:
          'The client sent x-auth-subject: the-admin of its own. On the route that needs a token the upstream received\n' +
          `${shown(judged.received, 'x-auth-subject')} instead; on the public route /healthz it received ` +
          `${shown(open.received, 'x-auth-subject')}.`,
        curls: [curl(scene, asSelf), curl(scene, asNobody)],
        wrong: problems(
          [
            judged.received?.['x-auth-subject'] === scene.subject,
            'the true subject did not reach the upstream',
          ],
          [open.answer.status === 200, `the public route answered ${open.answer.status}`],
          [open.received !== null && !('x-auth-subject' in open.received), 'the claim reached the upstream'],
        ),
      };
    },
  },
  {
    title: 'The answer is remembered: the authorization server is asked once',
    async run(scene) {
      const token = await scene.issue('orders:read');
      const before = scene.introspections();
      const first = await ask(scene, { path: '/orders/1', token });
      const afterOne = scene.introspections();
      const others = [];
      for (let count = 0; count < 20; count += 1)
        others.push(await ask(scene, { path: `/orders/${count}`, token }));
      const after = scene.introspections();
      return {
        happened:
          `21 requests with a new token: ${afterOne - before} introspection for the first, ${after - afterOne} for the ` +
          `other 20.\nThe answer is judged again on each of them; it is kept for ${CACHE_SECONDS} s in this demo.`,
        curls: [curl(scene, { path: '/orders/1', token })],
        wrong: problems(
          [
            [first, ...others].every(({ answer }) => answer.status === 200),
            'not every request was let through',
          ],
          [afterOne - before === 1, `the first request cost ${afterOne - before} introspections`],
          [after === afterOne, `the others cost ${after - afterOne} introspections`],
        ),
      };
    },
  },
  {
    title: 'A revoked token is refused as soon as the cache time allows',
    async run(scene) {
      const token = await scene.issue('orders:read');
      const first = await ask(scene, { path: '/orders/1', token });
      await scene.revoke(token);
      const revokedAt = performance.now();
      const last = await until(scene, { path: '/orders/1', token }, 401, (CACHE_SECONDS + 3) * 1000);
      const took = (performance.now() - revokedAt) / 1000;
      return {
        happened:
          `It was let through (${first.answer.status}), then revoked at the authorization server. ${took.toFixed(1)} s later ` +
          `Envoy answered ${last.answer.status}, "${last.answer.body}".\n` +
          `No cached answer outlives cache.active.max (${CACHE_SECONDS} s here, 60 s by default, 0s asks every time).`,
        curls: [curl(scene, { path: '/orders/1', token })],
        wrong: problems(
          [first.answer.status === 200, `before it was revoked the status was ${first.answer.status}`],
          [last.answer.status === 401, `the status is ${last.answer.status} and not 401`],
          [took <= CACHE_SECONDS + 1, `it took ${took.toFixed(1)} s`],
        ),
      };
    },
  },
  {
    title: 'The authorization server is away: nobody is let in unseen, and nobody is blamed',
    async run(scene) {
      const token = await scene.issue('orders:read');
      await scene.stopAuthorizationServer();
      const away = await ask(scene, { path: '/orders/1', token });
      await scene.startAuthorizationServer();
      const back = await until(scene, { path: '/orders/1', token }, 200, 15_000);
      return {
        happened:
          `It was stopped. Envoy answered ${away.answer.status}, "${away.answer.body}", Retry-After: ` +
          `${away.answer.headers.get('retry-after') ?? 'none'}: not 401, for the token may be fine.\n` +
          `It was started again, and the same token was let through (${back.answer.status}) without a restart of anything else.`,
        curls: [curl(scene, { path: '/orders/1', token })],
        wrong: problems(
          [away.answer.status === 503, `the status is ${away.answer.status} and not 503`],
          [away.answer.headers.has('retry-after'), 'there is no Retry-After'],
          [!away.answer.headers.has('www-authenticate'), 'the caller was blamed with a challenge'],
          [away.received === null, 'the request reached the upstream'],
          [back.answer.status === 200, `after the return the status is ${back.answer.status} and not 200`],
        ),
      };
    },
  },
];

interface Wish {
  readonly path: string;
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Asked {
  readonly answer: { readonly status: number; readonly headers: Headers; readonly body: string };
  /** The headers that reached the upstream; null when the request did not. */
  readonly received: Readonly<Record<string, unknown>> | null;
}

/** One request through Envoy, and what became of it at both ends. */
async function ask(scene: Scene, { path, method = 'GET', token, headers = {} }: Wish): Promise<Asked> {
  const before = scene.upstreamRequests.length;
  const response = await fetch(`${scene.url}${path}`, {
    method,
    headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    signal: AbortSignal.timeout(10_000),
  });
  const body = (await response.text()).trim();
  return {
    answer: { status: response.status, headers: response.headers, body },
    received: scene.upstreamRequests[before]?.headers ?? null,
  };
}

/** Asks until the status comes, or the time is over; gives the last answer either way. */
async function until(scene: Scene, wish: Wish, status: number, within: number): Promise<Asked> {
  const deadline = performance.now() + within;
  for (;;) {
    const asked = await ask(scene, wish);
    if (asked.answer.status === status || performance.now() > deadline) return asked;
    await sleep(100);
  }
}

function curl(scene: Scene, { path, method, token, headers = {} }: Wish): string {
  const words = ['curl -i'];
  if (method !== undefined) words.push(`-X ${method}`);
  if (token !== undefined) words.push(`-H 'Authorization: Bearer ${token}'`);
  for (const [name, value] of Object.entries(headers)) words.push(`-H '${name}: ${value}'`);
  return [...words, `${scene.url}${path}`].join(' ');
}

function challenge({ headers }: Asked['answer']): string {
  return headers.get('www-authenticate') ?? 'none';
}

function shown(received: Asked['received'], name: string): string {
  const value = received?.[name];
  return typeof value === 'string' ? value : 'nothing';
}

function problems(...checks: readonly (readonly [holds: boolean, problem: string])[]): readonly string[] {
  return checks.filter(([holds]) => !holds).map(([, problem]) => problem);
}
