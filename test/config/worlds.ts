import type { World } from '../../src/config/index.ts';

/** Stands for every secret in the tests: it must turn up nowhere. */
export const CANARY = 'hunter2-canary';

/** 32 bytes. */
export const CACHE_KEY = Buffer.alloc(32, 7).toString('base64');

/** A world of a few variables and files by their last name; every other file is missing. */
export function aWorld({
  environment = {},
  files = {},
  offline = false,
}: {
  readonly environment?: World['environment'];
  readonly files?: Readonly<Record<string, string | Buffer>>;
  readonly offline?: boolean;
} = {}): World & { readonly read: readonly string[] } {
  const read: string[] = [];
  return {
    environment,
    offline,
    read,
    readFile: async (path) => {
      read.push(path);
      const name = path.slice(path.lastIndexOf('/') + 1);
      const content = Object.hasOwn(files, name) ? files[name] : undefined;
      if (content === undefined) throw Object.assign(new Error(`ENOENT ${path}`), { code: 'ENOENT' });
      return Buffer.from(content);
    },
  };
}
