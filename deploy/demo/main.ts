/**
 * `make demo`: a real authorization server, Gatehouse, a real Envoy and an upstream, and a walk through what they do.
 *
 * Stays up until Ctrl-C, so that the curl lines can be repeated; DEMO_EXIT=1 ends it after the walk.
 * The exit code is 0 only when every step went as it says.
 */
import { say, sayFailure, sayHeading, sayProgress, sayStep } from './print.ts';
import { openScene, type Scene } from './scene.ts';
import { STEPS } from './steps.ts';

const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
});

process.exitCode = await demo().catch((error: unknown) => {
  sayFailure(error instanceof Error ? error.message : 'The demo failed.');
  return 1;
});

async function demo(): Promise<0 | 1> {
  const scene = await openScene(sayProgress);
  try {
    sayHeading(`Requests go to Envoy at ${scene.url}, which asks Gatehouse about each of them.`);
    const walk = await Promise.race([walkThrough(scene), stopped.then(() => null)]);
    if (walk === null) return 1;

    sayHeading(walk === 0 ? 'All of it went as it should.' : `${walk} of ${STEPS.length} steps went wrong.`);
    if (process.env['DEMO_EXIT'] !== '1') await stayUp(scene);
    return walk === 0 ? 0 : 1;
  } finally {
    sayProgress('Stopping everything');
    await scene.close();
  }
}

/** How many steps went wrong. */
async function walkThrough(scene: Scene): Promise<number> {
  let wrong = 0;
  for (const [index, { title, run }] of STEPS.entries()) {
    const report = await run(scene);
    sayStep(index + 1, { title, ...report });
    if (report.wrong.length > 0) wrong += 1;
  }
  return wrong;
}

async function stayUp(scene: Scene): Promise<void> {
  const token = await scene.issue('orders:read orders:write');
  say();
  for (const [what, where] of scene.addresses) say(`${what.padEnd(22)} ${where}`);
  say();
  say('A token with both scopes, good for an hour:');
  say(`curl -i -H 'Authorization: Bearer ${token}' ${scene.url}/orders/1`);
  say();
  say('Everything stays up until Ctrl-C.');
  await stopped;
}
