import { isIP } from 'node:net';
import type { Prober } from './attempt.ts';

/** A name, and the one address of it to use. */
export interface Pin {
  readonly host: string;
  readonly address: string;
}

/** What an attempt saw of names and addresses. The last one of each is that of its last hop. */
export class Sightings {
  readonly #addresses = new Map<string, readonly string[]>();
  #host: string | null = null;
  #address: string | null = null;

  /** The address that was connected to last, or was tried to be. */
  get address(): string | null {
    return this.#address;
  }

  /** The last hop's address again. Null where it had no name, or none was reached. */
  same(): Pin | null {
    if (this.#host === null || this.#address === null || isIP(this.#host) !== 0) return null;
    return { host: this.#host, address: this.#address };
  }

  /** Another address of the last hop's name. Null where there is none. */
  other(): Pin | null {
    const used = this.same();
    if (used === null) return null;
    const address = this.#addresses.get(used.host)?.find((one) => one !== used.address);
    return address === undefined ? null : { host: used.host, address };
  }

  /** The prober, noting here what it looks up and where it connects. A pinned name has that address and no other. */
  through(prober: Prober, pin: Pin | null): Prober {
    return {
      ...prober,
      resolveName: async (host) => {
        this.#host = host;
        this.#address = null;
        // Asked for in any case, so that the phase is a true one.
        const addresses = await prober.resolveName(host);
        this.#addresses.set(host, addresses);
        return pin?.host === host ? [pin.address] : addresses;
      },
      openSocket: (address, port) => {
        this.#address = address;
        return prober.openSocket(address, port);
      },
    };
  }
}
