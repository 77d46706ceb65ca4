import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { TLSSocket } from 'node:tls';
import type { StartTls } from '../../shared/monitor.ts';
import { type Certificate, keyPair, serveTcp } from './loopback.ts';

/** What a server says and expects before TLS: a text of its own, or a pattern for the client's next bytes, as text or in hex. */
const SCRIPTS: Readonly<Record<StartTls, readonly (string | RegExp)[]>> = {
  smtp: [
    '220-mail.acme.example\r\n220 ready\r\n',
    /^EHLO \S+\r\n$/,
    '250-mail.acme.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n',
    /^STARTTLS\r\n$/,
    '220 go ahead\r\n',
  ],
  imap: ['* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n', /^a1 STARTTLS\r\n$/, 'a1 OK begin TLS now\r\n'],
  pop3: ['+OK ready\r\n', /^STLS\r\n$/, '+OK begin TLS\r\n'],
  ftp: ['220-Welcome\r\n to acme\r\n220 ready\r\n', /^AUTH TLS\r\n$/, '234 proceed\r\n'],
  postgres: [/^0000000804d2162f$/, 'S'],
};

/** Speaks the protocol up to TLS, then TLS with this certificate; a client that says something else is cut off. */
export function serveStartTls(
  t: TestContext,
  protocol: StartTls,
  certificate: Certificate,
  onSecured: (socket: TLSSocket) => void = () => {},
): Promise<number> {
  return serveTcp(t, async (socket) => {
    for (const step of SCRIPTS[protocol]) if (!(await take(socket, step))) return;
    const secured = new TLSSocket(socket, { isServer: true, ...keyPair(certificate) });
    secured.on('error', () => {});
    secured.once('secure', () => onSecured(secured));
  });
}

async function take(socket: Socket, step: string | RegExp): Promise<boolean> {
  if (typeof step === 'string') {
    socket.write(step);
    return true;
  }
  const [said] = (await once(socket, 'data')) as [Buffer];
  if (step.test(said.toString('latin1')) || step.test(said.toString('hex'))) return true;
  socket.destroy();
  return false;
}
