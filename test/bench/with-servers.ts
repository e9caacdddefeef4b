/** Starts what a scenario needs, and stops it whatever happens. */
export async function withServers<Servers extends Record<string, { stop(): Promise<void> }>>(
  starting: { readonly [Name in keyof Servers]: Promise<Servers[Name]> },
  use: (servers: Servers) => Promise<void>,
): Promise<void> {
  const names = Object.keys(starting) as (keyof Servers)[];
  const settled = await Promise.allSettled(names.map((name) => starting[name]));
  const started = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  try {
    const failed = settled.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const byName: Record<string, unknown> = Object.fromEntries(
      names.map((name, index) => [name, started[index]]),
    );
    await use(byName as Servers);
  } finally {
    await Promise.all(started.map((server) => server.stop()));
  }
}
