/** How long Gatehouse keeps an answer in the demo: short, so that a revocation is seen while one watches. */
export const CACHE_SECONDS = 3;

export interface DemoPorts {
  readonly grpc: number;
  readonly admin: number;
  readonly issuer: string;
}

/** The settings file of the demo. */
export function gatehouseSettings({ grpc, admin, issuer }: DemoPorts): string {
  return `
listen:
  grpc: { address: "127.0.0.1:${grpc}" }
  admin: { address: "127.0.0.1:${admin}" }
drain: 1s

clients:
  demo:
    issuer: ${issuer}
    allowHttp: true # the demo's authorization server is on this host
    clientId: gateway
    clientSecret: { env: GATEHOUSE_CLIENT_SECRET }

cache:
  active: { max: ${CACHE_SECONDS}s }

scrub: [x-auth-*]

routes:
  - name: health
    match: { paths: [/healthz], methods: [GET] }
    mode: public
  - name: orders-read
    match: { paths: [/orders/**], methods: [GET] }
    require: { scopes: [orders:read], audience: [https://api.example] }
    upstream:
      headers: { x-auth-subject: sub, x-auth-client: client_id, x-auth-scopes: scope }
  - name: orders-write
    match: { paths: [/orders/**], methods: [POST] }
    require: { scopes: [orders:write], audience: [https://api.example] }
    upstream:
      headers: { x-auth-subject: sub, x-auth-client: client_id, x-auth-scopes: scope }
`.trimStart();
}
