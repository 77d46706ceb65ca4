import { isIP } from 'node:net';
import { hostAndPort } from '../../shared/target.ts';
import type { Prober } from './attempt.ts';
import { brokenOff, type Failure } from './failure.ts';

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
  /** Of the current name, by address: why no connection came about. */
  readonly #dead = new Map<string, Failure>();
  readonly #passedOver: Failure[] = [];

  /** The address that was connected to last, or was tried to be. */
  get address(): string | null {
    return this.#address;
  }

  /** Why no connection came about at addresses whose name then answered at its next one. None that is our own fault. */
  get passedOver(): readonly Failure[] {
    return this.#passedOver;
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
        this.#dead.clear();
        // Asked for in any case, so that the phase is a true one.
        const addresses = await prober.resolveName(host);
        this.#addresses.set(host, addresses);
        return pin?.host === host ? [pin.address] : addresses;
      },
      openSocket: (address, port) => {
        this.#address = address;
        const socket = prober.openSocket(address, port);
        const isDead = (error: unknown): void => {
          this.#dead.set(address, brokenOff(error, 'connect', `connecting to ${hostAndPort(address, port)}`));
        };
        return socket.once('error', isDead).once('connect', () => {
          socket.off('error', isDead);
          this.#passOverTheDead(address);
        });
      },
    };
  }

  #passOverTheDead(answered: string): void {
    const addresses = this.#addresses.get(this.#host ?? '') ?? [];
    if (addresses.includes(answered)) {
      for (const [address, failure] of this.#dead) {
        if (addresses.includes(address) && failure.outcome === 'failed') this.#passedOver.push(failure);
      }
    }
    this.#dead.clear();
  }
}
