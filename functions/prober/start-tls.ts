import type { Socket } from 'node:net';
import type { StartTls } from '../../shared/monitor.ts';
import type { Prelude } from './connection.ts';
import { brokenOff, type Failure, failed } from './failure.ts';
import { shown } from './findings.ts';

/**
 * The conversation in which a protocol turns from plain text to TLS.
 *
 * | protocol | server greets | client asks          | server agrees |
 * | -------- | ------------- | -------------------- | ------------- |
 * | smtp     | `220`         | `EHLO`, `STARTTLS`   | `250`, `220`  |
 * | imap     | `* OK`        | `a1 STARTTLS`        | `a1 OK`       |
 * | pop3     | `+OK`         | `STLS`               | `+OK`         |
 * | ftp      | `220`         | `AUTH TLS`           | `234`         |
 * | postgres |               | an SSLRequest packet | `S`           |
 *
 * @see RFC 3207 (smtp), 2595 (imap, pop3), 4217 (ftp)
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function preludeOf(protocol: StartTls, redact: (text: string) => string): Prelude {
  return async (socket) => {
    const lines = new Lines(socket);
    try {
      await CONVERSATIONS[protocol](lines);
      return null;
    } catch (error) {
      if (error instanceof Refusal) return error.failure(protocol, redact);
      return brokenOff(error, 'tls', `while asking for TLS over ${protocol}`);
    } finally {
      lines.release();
    }
  };
}

const CONVERSATIONS: Readonly<Record<StartTls, (lines: Lines) => Promise<void>>> = {
  async smtp(lines) {
    await lines.reply('a greeting (220)', /^220 /, /^220-/);
    lines.send('EHLO parallax.invalid\r\n');
    await lines.reply('an answer to EHLO (250)', /^250 /, /^250-/);
    lines.send('STARTTLS\r\n');
    await lines.reply('an answer to STARTTLS (220)', /^220 /, /^220-/);
    lines.expectSilence();
  },
  async imap(lines) {
    await lines.reply('a greeting (* OK)', /^\* OK/i);
    lines.send('a1 STARTTLS\r\n');
    await lines.reply('an answer to STARTTLS (a1 OK)', /^a1 OK/i, /^\* /);
    lines.expectSilence();
  },
  async pop3(lines) {
    await lines.reply('a greeting (+OK)', /^\+OK/);
    lines.send('STLS\r\n');
    await lines.reply('an answer to STLS (+OK)', /^\+OK/);
    lines.expectSilence();
  },
  async ftp(lines) {
    await lines.reply('a greeting (220)', /^220 /, /^(220-|\s)/);
    lines.send('AUTH TLS\r\n');
    await lines.reply('an answer to AUTH TLS (234)', /^234 /, /^234-/);
    lines.expectSilence();
  },
  async postgres(lines) {
    lines.send(SSL_REQUEST);
    await lines.byte('an answer to SSLRequest (S)', 'S');
    lines.expectSilence();
  },
};

/** Length 8, code 1234·5679. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** The server said something else, or nothing more. */
class Refusal extends Error {
  readonly #expected: string;
  readonly #got: string | null;

  constructor(expected: string, got: string | null) {
    super(`expected ${expected}`);
    this.#expected = expected;
    this.#got = got;
  }

  failure(protocol: StartTls, redact: (text: string) => string): Failure {
    const instead = this.#got === null ? 'the server closed the connection' : `got ${shown(this.#got, redact)}`;
    return failed('protocol', 'tls', `expected ${this.#expected} before TLS over ${protocol}, but ${instead}`);
  }
}

/** Bound on all that is read before TLS. The longest answer, to EHLO, is below 1 KiB in practice. */
const MAX_BYTES = 16 * 1024;

/** A socket's text, line by line. */
class Lines {
  readonly #socket: Socket;
  #unread = '';
  #bytes = 0;
  #error: Error | null = null;
  #isClosed = false;
  #wake = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', this.#onData);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    socket.on('end', this.#onClose);
  }

  send(text: string | Buffer): void {
    this.#socket.write(text);
  }

  /** Reads lines that go `on` until one that is `wanted`. */
  async reply(expected: string, wanted: RegExp, on: RegExp = /^(?!)/): Promise<void> {
    for (;;) {
      const end = await this.#until(expected, () => this.#unread.indexOf('\n') + 1);
      const line = this.#unread.slice(0, end).trimEnd();
      this.#unread = this.#unread.slice(end);
      if (wanted.test(line)) return;
      if (!on.test(line)) throw new Refusal(expected, line);
    }
  }

  async byte(expected: string, wanted: string): Promise<void> {
    await this.#until(expected, () => this.#unread.length);
    if (!this.#unread.startsWith(wanted)) throw new Refusal(expected, this.#unread);
    this.#unread = this.#unread.slice(1);
  }

  /** What a server, or somebody between, says in plain text after it agreed to TLS must not count as said over TLS. */
  expectSilence(): void {
    if (this.#unread !== '') throw new Refusal('nothing more', this.#unread);
  }

  release(): void {
    this.#socket.off('data', this.#onData);
    this.#socket.off('error', this.#onError);
    this.#socket.off('close', this.#onClose);
    this.#socket.off('end', this.#onClose);
  }

  async #until(expected: string, isReady: () => number): Promise<number> {
    for (;;) {
      const ready = isReady();
      if (ready > 0) return ready;
      if (this.#bytes > MAX_BYTES) throw new Refusal(expected, this.#unread);
      if (this.#error !== null) throw this.#error;
      if (this.#isClosed) throw new Refusal(expected, this.#unread === '' ? null : this.#unread);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_BYTES) this.#unread += chunk.toString('latin1');
    else this.#socket.pause();
    this.#wake();
  };

  readonly #onError = (error: Error): void => {
    this.#error = error;
    this.#wake();
  };

  readonly #onClose = (): void => {
    this.#isClosed = true;
    this.#wake();
  };
}
