/** Baseline (d): a bare undici POST and JSON.parse, so many at once, told by its parent how many in all. */
import process from 'node:process';

import { Pool } from 'undici';

import { tokenText } from '../load/tokens.ts';

interface Order {
  readonly port: number;
  readonly count: number;
  readonly atOnce: number;
}

process.on('message', (order: Order) => void post(order).then(() => process.send?.({ done: order.count })));
process.on('disconnect', () => process.exit(0));
process.send?.({ port: 0 });

async function post({ port, count, atOnce }: Order): Promise<void> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: atOnce });
  let begun = 0;
  const one = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      const { statusCode, body } = await pool.request({
        path: '/introspect',
        method: 'POST',
        headers: [
          'accept',
          'application/json',
          'content-type',
          'application/x-www-form-urlencoded',
          'authorization',
          'Basic Z2F0ZXdheTpzZWNyZXQ=',
        ],
        body: `token=${tokenText('opaque', begun)}`,
      });
      const answer: unknown = JSON.parse(await body.text());
      if (statusCode !== 200 || answer === null) throw new Error('the authorization server answered wrongly');
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  await pool.close();
}
