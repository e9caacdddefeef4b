/**
 * Gatehouse from code: read settings, open a house, judge requests.
 *
 * ```ts
 * const read = await readSettings({ path, text }, { environment: process.env, readFile, offline: false });
 * if (!read.ok) throw new Error(read.failure.map(formatProblem).join('\n'));
 * const telemetry = createTelemetry({ level: 'info', pretty: false, version: '1' }, { clock: systemClock });
 * const house = await openHouse(read.value, { telemetry, clock: systemClock, randomness: systemRandomness });
 * ```
 *
 * Secrets may come from code: a text, a promise of one, or a function that is asked at each enquiry, with the request
 * that caused it.
 *
 * ```ts
 * const clients = read.value.clients.map((client) => withClientSecret(client, () => vault.secretOf(client.name)));
 * const house = await openHouse({ ...read.value, clients }, parts);
 * ```
 */
export { type House, type HouseParts, openHouse } from './cli/house.ts';
export { systemClock, systemRandomness } from './cli/system.ts';
export { formatProblem, printSettings, type Problem, readSettings, type Settings } from './config/index.ts';
export * from './domain/index.ts';
export { createTelemetry, type Telemetry, type TelemetrySettings } from './telemetry/index.ts';
