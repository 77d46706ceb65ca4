/** The part of dynalite 4 that is used here; the package brings no types of its own. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface DynaliteOptions {
    /** Folder of the LevelDB store, created where missing. Without it everything is in memory. */
    readonly path?: string;
    /** How long a new table stays `CREATING`. 500 by default. */
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
    readonly updateTableMs?: number;
  }

  /** Not listening yet. `close` also closes the store, once the requests in flight are answered. */
  export default function dynalite(options?: DynaliteOptions): Server;
}
