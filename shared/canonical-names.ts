import { SocketAddress } from 'node:net';
import type { DnsRecord } from './monitor.ts';

/**
 * One answer as it is compared: what DNS itself holds to be the same is written the same.
 *
 * | record        | text                                                        |
 * | ------------- | ----------------------------------------------------------- |
 * | A, AAAA       | the address, IPv6 in its short form                         |
 * | CNAME, NS     | the name, in lower case, without the dot at its end         |
 * | MX            | `10 mail.acme.example`: priority, name                      |
 * | SRV           | `10 5 5060 sip.acme.example`: priority, weight, port, name  |
 * | CAA           | `0 issue letsencrypt.org`: flags, tag, value                |
 * | TXT           | the text, its parts joined                                  |
 */
export function canonicalAnswer(record: DnsRecord, answer: string): string {
  switch (record) {
    case 'A':
      return answer;
    case 'AAAA':
      return canonicalHost(answer);
    case 'CNAME':
    case 'NS':
    case 'MX':
    case 'SRV':
      return answer.trim().replaceAll(/\s+/g, ' ').replace(/\.$/, '').toLowerCase();
    case 'CAA':
      // Zone files write the value in quotation marks.
      return answer.trim().replace(/^(\d+\s+\w+\s+)"(.*)"$/, '$1$2');
    case 'TXT':
      return answer;
  }
}

/** A name in lower case without the dot at its end; an address of IPv6 in its short form. */
export function canonicalHost(host: string): string {
  return SocketAddress.parse(`[${host}]:0`)?.address ?? host.replace(/\.$/, '').toLowerCase();
}
