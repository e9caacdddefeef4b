/** Opens the addresses that doors listen on. */
export { certifiedNames, createIsAllowedPeer, type IsAllowedPeer } from './allowed-peers.ts';
export { readReplacement, readTls, replaceTls } from './door-tls.ts';
export { ListenError, listenOn } from './listen-on.ts';
