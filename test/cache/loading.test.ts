import { execFileSync } from 'node:child_process';
import { URL } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const ROOM = new URL('../../src/cache/index.ts', import.meta.url).href;

/** Whether the client of Redis is loaded in a process that has run this. */
function loadsRedisFor(code: string): boolean {
  const told = `
    const cache = await import(${JSON.stringify(ROOM)});
    ${code}
    const { createRequire } = await import('node:module');
    const loaded = Object.keys(createRequire(${JSON.stringify(ROOM)}).cache);
    process.stdout.write(String(loaded.some((file) => file.includes('@redis'))));
  `;
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', told];
  return execFileSync(process.execPath, flags, { encoding: 'utf8' }) === 'true';
}

describe('the client of Redis', () => {
  it('is not loaded before somebody wants a Redis', () => {
    expect(loadsRedisFor('')).toBe(false);
    expect(loadsRedisFor('await cache.loadRedis();')).toBe(true);
  });
});
