import { DoorError } from './doors.ts';
import { type House, type HouseParts, openHouse } from './house.ts';
import { startReloading } from './reload.ts';
import { readSettingsFile } from './settings-file.ts';
import { StoreModuleError } from './shared-store.ts';
import { systemClock, systemRandomness } from './system.ts';
import { VERSION } from './version.ts';
import type { ExitCode, World } from './world.ts';
import { formatProblem } from '../config/index.ts';
import { classOf, formatListenAddress } from '../domain/index.ts';
import { readProxyEnvironment } from '../introspection/index.ts';
import { createTelemetry, type Telemetry } from '../telemetry/index.ts';

/** `gatehouse serve`: opens the doors and judges requests until a signal asks it to stop. */
export async function serve(world: World, { config }: { readonly config: string }): Promise<ExitCode> {
  if (world.environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    world.writeError('gatehouse: NODE_TLS_REJECT_UNAUTHORIZED=0 switches certificate checks off; unset it\n');
    return 2;
  }
  const read = await readSettingsFile(config, world, { offline: false });
  if (!read.ok) {
    for (const problem of read.failure) world.writeError(`${formatProblem(problem)}\n`);
    return 2;
  }
  const settings = read.value;

  const telemetry = createTelemetry(
    { level: settings.log.level, pretty: world.isTerminal, version: VERSION },
    { clock: systemClock },
  );
  const forgetCrashes = world.onCrash((cause) => crashed(telemetry, cause));
  try {
    telemetry.observe({ event: 'lifecycle', phase: 'starting', detail: `gatehouse ${VERSION}` });
    const parts = { telemetry, clock: systemClock, randomness: systemRandomness };
    const house = await openHouse(settings, { ...parts, ...proxiesIn(world) });
    announce(house, telemetry);
    for (const warning of settings.warnings) {
      telemetry.observe({ event: 'lifecycle', phase: 'warning', detail: formatProblem(warning) });
    }
    telemetry.observe({ event: 'settings_loaded', generation: settings.generation });

    const reloading = startReloading(config, settings, house, world);
    await stopSignal(world);
    reloading.stop();
    await house.drain();
    telemetry.observe({ event: 'lifecycle', phase: 'stopped', detail: 'as asked' });
    return 0;
  } catch (error) {
    if (!(error instanceof DoorError || error instanceof StoreModuleError)) throw error;
    world.writeError(`gatehouse: ${error.message}\n`);
    return error instanceof DoorError ? 1 : 2;
  } finally {
    forgetCrashes();
    telemetry.flush();
  }
}

/** Reading the settings file has found them faultless. */
function proxiesIn({ environment }: World): Pick<HouseParts, 'proxyFor'> {
  const proxies = readProxyEnvironment(environment);
  return proxies.ok ? { proxyFor: proxies.value } : {};
}

function announce(house: House, telemetry: Telemetry): void {
  for (const { kind, address } of [...house.doors, ...house.admin]) {
    const detail = `${kind} ${formatListenAddress(address)}`;
    telemetry.observe({ event: 'lifecycle', phase: 'door_open', detail });
  }
}

/**
 * The verdict path denies whenever something throws, so going on is safe; ending the process because of one
 * request would be an outage that a stranger can cause. docs/adr tells the reasons.
 */
function crashed(telemetry: Telemetry, cause: unknown): void {
  telemetry.observe({
    event: 'crashed',
    where: 'process',
    cause: classOf(cause),
  });
}

function stopSignal(world: World): Promise<void> {
  return new Promise((resolve) => {
    const forgets = [world.onSignal('SIGTERM', stop), world.onSignal('SIGINT', stop)];
    function stop(): void {
      for (const forget of forgets) forget();
      resolve();
    }
  });
}
