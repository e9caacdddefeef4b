/** Opens the addresses that doors listen on. */
export { readTls, replaceTls } from './door-tls.ts';
export { ListenError, listenOn } from './listen-on.ts';
