import { request } from 'node:http';
import { URL } from 'node:url';
import type { ExitCode, World } from './world.ts';

const BUDGET_MS = 3_000;

/** Asks `/readyz` of a running instance: the health check of an image that has no shell. */
export async function healthcheck(
  world: World,
  { address }: { readonly address: string },
): Promise<ExitCode> {
  if (address === '' || !URL.canParse(`http://${address}/readyz`)) {
    world.writeError(`gatehouse: --address must be HOST:PORT, as in 127.0.0.1:9003 or [::1]:9003\n`);
    return 2;
  }
  const answer = await readyz(address);
  if (answer.status === 200) return 0;
  world.writeError(`gatehouse: ${address} is not ready: ${answer.text}\n`);
  return 1;
}

interface Readyz {
  /** `null`: no answer at all. */
  readonly status: number | null;
  readonly text: string;
}

function readyz(address: string): Promise<Readyz> {
  return new Promise((resolve) => {
    const asked = request(`http://${address}/readyz`, { timeout: BUDGET_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text = (text + part).slice(0, 2_000)));
      response.on('end', () => resolve({ status: response.statusCode ?? null, text: text.trim() }));
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${BUDGET_MS / 1000} s`)));
    asked.on('error', (error) => resolve({ status: null, text: error.message }));
    asked.end();
  });
}
