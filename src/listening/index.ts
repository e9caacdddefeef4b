/** Opens the addresses that doors listen on. */
export { ListenError, listenOn } from './listen-on.ts';
