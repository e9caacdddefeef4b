/** Opens the addresses that doors listen on. */
export { createIsAllowedPeer, type IsAllowedPeer } from './allowed-peers.ts';
export { readTls, replaceTls } from './door-tls.ts';
export { ListenError, listenOn } from './listen-on.ts';
