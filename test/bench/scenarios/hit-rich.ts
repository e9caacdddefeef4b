import { cpuOf, interleave, ratios, type Scenario, teach } from '../bench.ts';
import { SATURATED } from '../generator.ts';
import { startGatehouse } from '../servers.ts';
import { withServers } from '../with-servers.ts';

/** A rule that asks and tells much, beside one that asks for an active token. */
export const hitRich: Scenario = {
  name: 'hit-rich',
  run: (bench) =>
    withServers(
      {
        plain: startGatehouse('plain', { issuer: bench.issuer, more: routes('{ name: all }') }),
        rich: startGatehouse('rich', { issuer: bench.issuer, more: routes(RICH) }),
        request: startGatehouse('request', { issuer: bench.issuer, more: routes(OVER_REQUEST) }),
      },
      async (servers) => {
        const known = { first: bench.newTokens(1_000), count: 1_000 };
        const job = { tokens: { ...SATURATED.tokens, known } };
        for (const server of Object.values(servers)) await teach(bench, server, known);
        const measured = await interleave(bench, {
          plain: { server: servers.plain, job },
          rich: { server: servers.rich, job },
          request: { server: servers.request, job },
        });
        for (const [name, rounds] of Object.entries(measured)) {
          bench.figures.add(`hit-${name}-rule-cpu`, rounds.map(cpuOf), 'us');
        }
        const { plain, rich, request } = measured;
        bench.figures.add('hit-rich-rule-against-plain', ratios(rich, plain, cpuOf), 'ratio', 1.2);
        bench.figures.add(
          'hit-request-expression-against-plain',
          ratios(request, plain, cpuOf),
          'ratio',
          1.4,
        );
      },
    ),
};

const HEADERS =
  'headers: { x-auth-subject: sub, x-auth-client: client_id, x-auth-scope: scope, x-auth-issuer: iss, x-auth-tenant: tenant, x-auth-groups: { claim: [groups], join: "," } }';
const RICH = `{ name: all, require: { scopes: [orders:read, orders:write], audience: ["https://api.example.com"], expression: 'token.tenant == "acme" && "staff" in token.groups' }, upstream: { ${HEADERS} } }`;
const OVER_REQUEST = `{ name: all, require: { expression: 'request.method == "GET" && token.tenant == "acme"' } }`;

function routes(route: string): string {
  return `routes:\n  - ${route}`;
}
