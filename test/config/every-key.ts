/**
 * Settings files in which `⟨a|b⟩` stands for two values of a key. Each file is read once with every `a`, and once for each
 * place with the `b` there: a key that changes nothing is one that the product ignores.
 */
export const FILES: Readonly<Record<string, string>> = {
  'doors, the cache and a Redis server': `
listen:
  grpc:
    address: ⟨0.0.0.0:9001|0.0.0.0:9011⟩
    transport: ⟨grpc-js|http2⟩
    tls:
      cert: ⟨tls.crt|chain.crt⟩
      key: ⟨tls.key|again.key⟩
      clientCa: ⟨tls.crt|chain.crt⟩
      allowedPeers: [⟨a.example|b.example⟩]
  http:
    - address: ⟨127.0.0.1:9002|127.0.0.1:9012⟩
      profile: ⟨nginx|caddy⟩
      trustedPeers: [⟨10.0.0.0/8|10.0.0.0/9⟩]
      secretHeader: { name: ⟨x-key|x-lock⟩, value: { env: ⟨LONG|LONGER⟩ } }
      timeout: ⟨1s|2s⟩
      connections: ⟨16|17⟩
      tls:
        cert: ⟨tls.crt|chain.crt⟩
        key: ⟨tls.key|again.key⟩
        clientCa: ⟨tls.crt|chain.crt⟩
        allowedPeers: [⟨a.example|b.example⟩]
    - { address: 127.0.0.1:9005, profile: envoy, pathPrefix: ⟨/a|/b⟩ }
  health: { address: ⟨127.0.0.1:9004|127.0.0.1:9014⟩ }
  admin:
    address: ⟨127.0.0.1:9003|127.0.0.1:9013⟩
    tls:
      cert: ⟨tls.crt|chain.crt⟩
      key: ⟨tls.key|again.key⟩
      clientCa: ⟨tls.crt|chain.crt⟩
      allowedPeers: [⟨a.example|b.example⟩]
    auth: { bearer: { env: ⟨LONG|LONGER⟩ } }
drain: ⟨1s|2s⟩
log: { level: ⟨info|warn⟩ }
metrics: { clients: ⟨7|8⟩ }
realm: ⟨one|two⟩
wait: { max: ⟨1s|2s⟩, margin: ⟨1ms|2ms⟩ }
scrub: [⟨x-a|x-b⟩]
clientAddress: { trustedHops: ⟨1|2⟩ }
unknownClient: ⟨403|404⟩
discovery: { concurrent: ⟨7|8⟩, sharedCopies: ⟨false|true⟩ }
cache:
  keys: [{ env: ⟨KEY|OTHER_KEY⟩ }]
  active: { max: ⟨30s|31s⟩, entries: ⟨7|8⟩, bytes: ⟨1MiB|2MiB⟩, jitter: ⟨1s|2s⟩, refreshAhead: ⟨true|false⟩ }
  inactive: { max: ⟨3s|4s⟩, entries: ⟨7|8⟩, bytes: ⟨1MiB|2MiB⟩, shared: ⟨false|true⟩ }
  shared:
    redis:
      url: rediss://⟨one|two⟩:6379
      username: ⟨a|b⟩
      password: { env: ⟨LONG|LONGER⟩ }
      tls: { ca: ⟨tls.crt|chain.crt⟩, cert: ⟨tls.crt|chain.crt⟩, key: ⟨tls.key|again.key⟩, serverName: ⟨a.example|b.example⟩ }
    timeout: ⟨5ms|6ms⟩
    coalesce: ⟨false|true⟩
clients:
  only: { issuer: https://idp.example.com, clientId: gateway, clientSecret: { env: LONG } }
`,
  'a cache behind Sentinel': `
cache:
  keys: [{ env: KEY }]
  shared:
    redis:
      sentinel: { name: ⟨a|b⟩, nodes: ['⟨a:1|b:1⟩'], username: ⟨a|b⟩, password: { env: ⟨LONG|LONGER⟩ } }
clients:
  only: { issuer: https://idp.example.com, clientId: gateway, clientSecret: { env: LONG } }
`,
  'a cache in a Redis Cluster': `
cache: { keys: [{ env: KEY }], shared: { redis: { cluster: ['⟨a:1|b:1⟩'] } } }
clients:
  only: { issuer: https://idp.example.com, clientId: gateway, clientSecret: { env: LONG } }
`,
  'a cache of a module': `
cache: { keys: [{ env: KEY }], shared: { module: ⟨./a.js|./b.js⟩ } }
clients:
  only: { issuer: https://idp.example.com, clientId: gateway, clientSecret: { env: LONG } }
`,
  clients: `
clients:
  one:
    issuer: https://⟨idp|idq⟩.example.com
    metadataUrl: https://idp.example.com/⟨a|b⟩
    metadataOverrides:
      introspection_endpoint: https://idp.example.com/⟨a|b⟩
      token_endpoint: https://idp.example.com/⟨a|b⟩
      jwks_uri: https://idp.example.com/⟨a|b⟩
      introspection_endpoint_auth_methods_supported: [⟨client_secret_basic|client_secret_post⟩, client_secret_jwt]
      introspection_endpoint_auth_signing_alg_values_supported: [⟨HS256|HS384⟩]
      introspection_signing_alg_values_supported: [⟨RS256|RS384⟩]
      introspection_encryption_alg_values_supported: [⟨RSA-OAEP-256|ECDH-ES⟩]
      introspection_encryption_enc_values_supported: [⟨A128GCM|A256GCM⟩]
      mtls_endpoint_aliases:
        introspection_endpoint: https://idp.example.com/⟨a|b⟩
        token_endpoint: https://idp.example.com/⟨a|b⟩
    connectTo: { host: ⟨a.example|b.example⟩, port: ⟨1|2⟩, serverName: ⟨a.example|b.example⟩ }
    proxy: { url: 'https://⟨one|two⟩:3129', username: ⟨a|b⟩, password: { env: ⟨LONG|LONGER⟩ }, ca: ⟨tls.crt|chain.crt⟩ }
    acceptIssuers: [https://⟨a|b⟩.example]
    endpointOrigins: [https://⟨a|b⟩.example]
    clientId: ⟨a|b⟩
    clientSecret: { env: ⟨LONG|LONGER⟩ }
    previousSecret: { env: ⟨LONG|LONGER⟩ }
    secretGrace: ⟨1s|2s⟩
    auth: { method: ⟨client_secret_basic|client_secret_post⟩ }
    introspection:
      endpoint: https://idp.example.com/⟨a|b⟩
      timeout: ⟨1s|2s⟩
      retry: ⟨false|true⟩
      tokenTypeHint: ⟨a|b⟩
      tokenParameter: ⟨a|b⟩
      params: { resource: ⟨a|b⟩ }
      headers: { x-name: ⟨a|b⟩ }
      facts:
        params: { device: { header: ⟨x-a|x-b⟩ }, where: ⟨host|path⟩ }
        headers: { x-device: { header: ⟨x-a|x-b⟩ }, x-where: ⟨host|path⟩ }
      maxAnswer: ⟨32KiB|33KiB⟩
      clientSelfOnly: ⟨false|true⟩
    tls: { ca: ⟨tls.crt|chain.crt⟩, cert: ⟨tls.crt|chain.crt⟩, key: ⟨tls.key|again.key⟩, minVersion: ⟨TLSv1.2|TLSv1.3⟩ }
    token:
      prefix: [⟨aa_|ab_⟩]
      minLength: ⟨7|8⟩
      maxLength: ⟨70|80⟩
      characters: ⟨a-z_|a-y_⟩
      ⟨checksum: crc32-base62|⟩
    allowAddresses: [⟨169.254.0.0/16|169.254.0.0/17⟩]
    limits:
      concurrent: ⟨7|8⟩
      queue: ⟨7|8⟩
      inactive: { burst: ⟨7|8⟩, perSecond: ⟨7|8⟩, source: { burst: ⟨5|6⟩, perSecond: ⟨5|6⟩ }, beyond: ⟨503|429⟩ }
    cache: { active: { max: ⟨1s|2s⟩ }, inactive: { max: ⟨1s|2s⟩ } }
    allowHttp: ⟨false|true⟩
    required: ⟨false|true⟩
    match:
      hosts: [⟨a.example|b.example⟩]
      paths: [⟨/a|/b⟩]
      methods: [⟨GET|POST⟩]
      headers: { x-a: ⟨a|b⟩ }
      context: { tier: ⟨a|b⟩ }
      serverNames: [⟨a.example|b.example⟩]
      routeMetadata: { name.space: { tier: ⟨a|b⟩ } }
      filterMetadata: { name.space: { tier: ⟨a|b⟩ } }
      clientAddresses: [⟨10.0.0.0/8|10.0.0.0/9⟩]
      peerPrincipals: [⟨a|b⟩]
  pattern: { issuer: https://idp.example.com, clientId: g, clientSecret: { env: LONG }, token: { pattern: ⟨a+|b+⟩ } }
  raw: { issuer: https://idp.example.com, clientId: g, clientSecret: { env: LONG }, auth: { method: client_secret_basic, encoding: ⟨form|raw⟩ } }
  keyed:
    issuer: https://idp.example.com
    clientId: g
    auth:
      method: private_key_jwt
      key: { env: ⟨RSA|OTHER_RSA⟩ }
      kid: ⟨a|b⟩
      alg: ⟨RS256|RS384⟩
      audience: ⟨issuer|introspection_endpoint⟩
      typ: ⟨JWT|none⟩
      lifetime: ⟨10s|11s⟩
      sendClientId: ⟨false|true⟩
  bearer: { issuer: https://idp.example.com, clientId: g, auth: { method: bearer, token: { env: ⟨LONG|LONGER⟩ } } }
  granted:
    issuer: https://idp.example.com
    clientId: g
    clientSecret: { env: LONG }
    auth:
      method: bearer
      clientCredentials:
        endpoint: https://idp.example.com/⟨a|b⟩
        method: ⟨client_secret_basic|client_secret_post⟩
        scopes: [⟨a|b⟩]
        params: { audience: ⟨a|b⟩ }
  granted-raw:
    issuer: https://idp.example.com
    clientId: g
    clientSecret: { env: LONG }
    auth: { method: bearer, clientCredentials: { method: client_secret_basic, encoding: ⟨form|raw⟩ } }
  signed:
    issuer: https://idp.example.com
    clientId: g
    clientSecret: { env: LONG }
    introspection:
      response: jwt
      jwt:
        algorithms: [⟨RS256|RS384⟩]
        audience: [⟨a|b⟩]
        typ: ⟨token-introspection+jwt|JWT⟩
        maxAge: ⟨10s|11s⟩
        jwksUri: https://idp.example.com/⟨a|b⟩
        decryption:
          keys: [{ env: ⟨RSA|OTHER_RSA⟩ }]
          algorithms: [⟨RSA-OAEP-256|RSA-OAEP-512⟩]
          encodings: [⟨A128GCM|A256GCM⟩]
          required: ⟨true|false⟩
  keys-given: { issuer: https://idp.example.com, clientId: g, clientSecret: { env: LONG }, introspection: { response: jwt, jwt: { keys: { env: ⟨PUBLIC|OTHER_PUBLIC⟩ } } } }
  plain: { issuer: https://idp.example.com, clientId: g, clientSecret: { env: LONG }, introspection: { response: ⟨json|jwt⟩ } }
routes:
  - { name: all, client: one, require: { audience: [a] } }
`,
  'tenants in a folder': `
clientStore:
  directory: { path: ⟨./a|./b⟩, secrets: ⟨./a|./b⟩, issuers: [https://⟨a|b⟩.example] }
  by: { header: ⟨x-a|x-b⟩ }
  recheck: ⟨1s|2s⟩
  missing: ⟨1s|2s⟩
  timeout: ⟨1s|2s⟩
  entries: ⟨7|8⟩
  limits: { concurrent: ⟨7|8⟩, queue: ⟨7|8⟩ }
`,
  'tenants at a service': `
clientStore:
  http:
    url: https://tenants.example/⟨a|b⟩/{tenant}
    bearer: { env: ⟨LONG|LONGER⟩ }
    headers: { x-name: ⟨a|b⟩ }
    maxAge: ⟨1m|2m⟩
    tls: { ca: ⟨tls.crt|chain.crt⟩, cert: ⟨tls.crt|chain.crt⟩, key: ⟨tls.key|again.key⟩, minVersion: ⟨TLSv1.2|TLSv1.3⟩ }
    secrets: ⟨./a|./b⟩
    issuers: [https://⟨a|b⟩.example]
  by: { context: ⟨a|b⟩ }
`,
  'tenants in a Redis server': `
clientStore:
  keyv:
    redis:
      url: rediss://⟨one|two⟩:6379
      username: ⟨a|b⟩
      password: { env: ⟨LONG|LONGER⟩ }
      tls: { ca: ⟨tls.crt|chain.crt⟩, cert: ⟨tls.crt|chain.crt⟩, key: ⟨tls.key|again.key⟩, serverName: ⟨a.example|b.example⟩ }
    keys: [{ env: ⟨KEY|OTHER_KEY⟩ }]
    secrets: ⟨./a|./b⟩
    issuers: [https://⟨a|b⟩.example]
  by: { metadata: { namespace: ⟨a|b⟩, key: ⟨a|b⟩ } }
`,
  'tenants behind Sentinel': `
clientStore:
  keyv:
    redis:
      sentinel: { name: ⟨a|b⟩, nodes: ['⟨a:1|b:1⟩'], username: ⟨a|b⟩, password: { env: ⟨LONG|LONGER⟩ } }
    keys: [{ env: KEY }]
    issuers: [https://a.example]
  by: { segment: ⟨1|2⟩ }
`,
  'tenants in a Redis Cluster': `
clientStore: { keyv: { redis: { cluster: ['⟨a:1|b:1⟩'] }, keys: [{ env: KEY }], issuers: [https://a.example] }, by: ⟨host|serverName⟩ }
`,
  'tenants in a Keyv store': `
clientStore: { keyv: { module: ⟨./a.js|./b.js⟩, keys: [{ env: KEY }], issuers: [https://a.example] } }
`,
  'tenants of a module': `
clientStore: { module: ⟨./a.js|./b.js⟩, secrets: ⟨./a|./b⟩, issuers: [https://⟨a|b⟩.example] }
`,
  'requirements and routes': `
clients:
  one: { issuer: https://a.example, clientId: g, clientSecret: { env: LONG } }
  two: { issuer: https://b.example, clientId: g, clientSecret: { env: LONG } }
requirements:
  named:
    scopes: [⟨a|b⟩]
    audience: [⟨a|b⟩]
    issuer: [⟨a|b⟩]
    tokenType: [⟨a|b⟩]
    tokenUse: [⟨a|b⟩]
    clientIds: { allowed: [⟨a|b⟩], refused: [⟨c|d⟩] }
    subject: [⟨a|b⟩]
    claims:
      - { claim: [⟨a|b⟩], equals: ⟨a|b⟩ }
      - { claim: [a], oneOf: [⟨a|b⟩] }
      - { claim: [a], contains: { any: [⟨a|b⟩] } }
      - { claim: [a], ⟨present|absent⟩: true }
      - { claim: [a], not: { equals: ⟨a|b⟩ } }
      - { claim: [a], not: { oneOf: [⟨a|b⟩] } }
      - { claim: [a], not: { contains: { any: [⟨a|b⟩] } } }
    authorizationDetails:
      - type: ⟨a|b⟩
        actions: [⟨a|b⟩]
        locations: [⟨a|b⟩]
        datatypes: [⟨a|b⟩]
        privileges: [⟨a|b⟩]
        identifier: ⟨a|b⟩
        fields: { amount: ⟨1|2⟩ }
        otherFields: ⟨deny|allow⟩
    acr: [⟨a|b⟩]
    maxAge: ⟨1s|2s⟩
    expression: ⟨token.sub == "a"|token.sub == "b"⟩
  any: { scopes: { any: [⟨a|b⟩], strategy: ⟨exact|wildcard⟩ }, audience: ⟨[x]|{ coversUrl: true }⟩ }
  all: { scopes: { all: [⟨a|b⟩] } }
routes:
  - name: ⟨one|uno⟩
    match:
      hosts: [⟨a.example|b.example⟩]
      paths: [⟨/a|/b⟩]
      methods: [⟨GET|POST⟩]
      headers: { x-a: ⟨a|b⟩ }
      context: { tier: ⟨a|b⟩ }
      serverNames: [⟨a.example|b.example⟩]
      routeMetadata: { name.space: { tier: ⟨a|b⟩ } }
      filterMetadata: { name.space: { tier: ⟨a|b⟩ } }
      clientAddresses: [⟨10.0.0.0/8|10.0.0.0/9⟩]
      peerPrincipals: [⟨a|b⟩]
    otherwise: ⟨deny|next⟩
    client: [⟨one|two⟩]
    mode: ⟨required|optional⟩
    enforce: ⟨true|false⟩
    credential:
      from:
        - { header: ⟨x-a|x-b⟩ }
        - { cookie: ⟨a|b⟩ }
        - { websocketProtocol: ⟨a.|b.⟩ }
        - { query: ⟨a|b⟩ }
      origins: [https://⟨a|b⟩.example]
    path:
      encodedSlash: ⟨deny|allow⟩
      semicolon: ⟨deny|allow⟩
      backslash: ⟨deny|allow⟩
      caseSensitive: ⟨true|false⟩
      trailingSlash: ⟨same|distinct⟩
    require: ⟨named|any⟩
    stale: ⟨1s|2s⟩
    upstream:
      headers: { x-name: { claim: [⟨a|b⟩], join: "⟨,|;⟩" } }
      authorization: ⟨strip|keep⟩
      metadata: [⟨a|b⟩]
  - { name: fresh, client: one, freshness: ⟨1s|2s⟩, tryInOrder: false, require: named }
  - { name: order, client: [one, two], tryInOrder: ⟨false|true⟩, require: named }
  - { name: maybe, client: one, mode: optional, upstream: { anonymous: ⟨x-a|x-b⟩ }, require: [named, any, all] }
`,
};

/** Keys that cannot have two values which both leave a file in force, and why. */
export const WITHOUT_A_SECOND_VALUE: Readonly<Record<string, string>> = {
  version: 'there is one',
  workers: 'not in this version',
  'listen.grpc[].plaintext': 'a consent: without it the file is refused',
  'listen.http[].plaintext': 'a consent: without it the file is refused',
  'clientStore.http.allowHttp': 'a consent: without it the file is refused',
};
