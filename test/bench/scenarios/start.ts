import { type Scenario } from '../bench.ts';
import { startGatehouse } from '../servers.ts';

/** From the start of the process until it says that it is ready, with a fixed endpoint. */
export const start: Scenario = {
  name: 'start',
  async run({ figures, issuer, rounds }) {
    const times: number[] = [];
    for (let round = 0; round < rounds + 2; round += 1) {
      const server = await startGatehouse('start', { issuer });
      times.push(server.startedIn);
      await server.stop();
    }
    figures.add('start-to-ready', times, 'ms', 400);
  },
};
