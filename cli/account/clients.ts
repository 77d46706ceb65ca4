import type { Region } from '../../shared/monitor.ts';

/** What every client of the command line is made with: somebody waits, and another region may answer instead. */
export const CLIENT_SETTINGS = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 8_000 },
} as const;

/** One client a region, made when it is first used. */
export class Clients<C extends { destroy(): void }> {
  readonly #byRegion = new Map<Region, C>();
  readonly #make: (region: Region) => C;

  constructor(make: (region: Region) => C) {
    this.#make = make;
  }

  of(region: Region): C {
    const known = this.#byRegion.get(region);
    if (known !== undefined) return known;
    const made = this.#make(region);
    this.#byRegion.set(region, made);
    return made;
  }

  close(): void {
    for (const client of this.#byRegion.values()) client.destroy();
    this.#byRegion.clear();
  }
}
