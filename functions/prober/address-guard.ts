import { BlockList, isIP } from 'node:net';

/** Which addresses a check may connect to. A definition or a redirect must not turn the prober on its own network. */
export interface AddressPolicy {
  /** Loopback, private and link-local networks are allowed. Metadata services never are. */
  readonly allowPrivate: boolean;
  /** `ip:port` of services of the prober's own machine that are never allowed, such as Lambda's runtime API. */
  readonly forbiddenEndpoints: readonly string[];
}

/**
 * Why this address may not be connected to, or null when it may. Called with the very address that is connected to
 * next, after every resolution, so that a name cannot point elsewhere between check and use.
 */
export function blockedBecause(policy: AddressPolicy, ip: string, port: number): string | null {
  for (const candidate of addressesMeant(ip)) {
    const family = isIP(candidate) === 6 ? 'ipv6' : 'ipv4';
    if (METADATA.check(candidate, family)) return 'a cloud metadata service';
    if (policy.forbiddenEndpoints.includes(`${candidate}:${port}`)) return "a service of the prober's own machine";
    if (policy.allowPrivate) continue;
    for (const range of RANGES) if (range.list.check(candidate, family)) return range.what;
  }
  return null;
}

/** {@link blockedBecause}, with whether anything would allow it: the end of a sentence about the address. */
export function blockedSentence(policy: AddressPolicy, ip: string, port: number): string | null {
  const why = blockedBecause(policy, ip, port);
  if (why === null) return null;
  const isNeverAllowed = blockedBecause({ ...policy, allowPrivate: true }, ip, port) !== null;
  return `${why}, ${isNeverAllowed ? 'where no check may go' : 'which only "allowPrivateAddresses" in parallax.json allows'}`;
}

/** Credentials of the machine are served here, to whoever asks. */
const METADATA = blockList(
  '169.254.169.254', // EC2 and most other clouds
  '169.254.170.2', // ECS task credentials
  '169.254.170.23', // EKS pod identity
  'fd00:ec2::254', // EC2
  'fd00:ec2::23', // EKS pod identity
  'fd20:ce::254', // Google Cloud
  '100.100.100.200', // Alibaba Cloud
  '168.63.129.16', // Azure's host agent
);

/** @see https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6- */
const RANGES: readonly { readonly what: string; readonly list: BlockList }[] = [
  { what: 'a loopback address', list: blockList('127.0.0.0/8', '::1') },
  { what: 'a link-local address', list: blockList('169.254.0.0/16', 'fe80::/10') },
  {
    what: 'a private address',
    list: blockList('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10', '64:ff9b:1::/48'),
  },
  { what: 'a shared address behind carrier-grade NAT', list: blockList('100.64.0.0/10') },
  { what: 'a multicast address', list: blockList('224.0.0.0/4', 'ff00::/8') },
  {
    what: 'a reserved address',
    list: blockList(
      '0.0.0.0/8',
      '192.0.0.0/24',
      '192.0.2.0/24',
      '192.88.99.0/24',
      '198.18.0.0/15',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '240.0.0.0/4', // with the broadcast address
      '::',
      '100::/64',
      '2001::/23', // Teredo, ORCHID, benchmarking
      '2001:db8::/32',
      '2002::/16', // 6to4
      '3fff::/20',
      '5f00::/16',
    ),
  },
];

function blockList(...networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** The address, and the IPv4 address that it carries where it is one of IPv6's forms for that. */
function addressesMeant(address: string): readonly string[] {
  const [ip = ''] = address.split('%');
  if (isIP(ip) !== 6) return [ip];
  const groups = ipv6Groups(ip);
  const embedded = embeddedIpv4(groups);
  if (embedded === null) return [ip];
  // `::ffff:1.2.3.4` *is* 1.2.3.4; the others are IPv6 addresses of their own that lead there.
  return isMapped(groups) ? [embedded] : [embedded, ip];
}

/**
 * | form                       | prefix           |
 * | -------------------------- | ---------------- |
 * | mapped, RFC 4291           | `::ffff:0:0/96`  |
 * | translated, RFC 2765       | `::ffff:0:0:0/96` |
 * | compatible (old), RFC 4291 | `::/96`          |
 * | NAT64, RFC 6052            | `64:ff9b::/96`   |
 * | 6to4, RFC 3056             | `2002::/16`      |
 */
function embeddedIpv4(groups: readonly number[]): string | null {
  const [first = 0, second = 0, third = 0] = groups;
  if (first === 0x2002) return ipv4(second, third);
  const [seventh = 0, eighth = 0] = groups.slice(6);
  const prefix = groups.slice(0, 6).map((group) => group.toString(16));
  const isEmbedding = ['0:0:0:0:0:ffff', '0:0:0:0:ffff:0', '0:0:0:0:0:0', '64:ff9b:0:0:0:0'].includes(prefix.join(':'));
  // `::` and `::1` are addresses of their own.
  if (!isEmbedding || (seventh === 0 && eighth <= 1 && groups[5] === 0 && first === 0)) return null;
  return ipv4(seventh, eighth);
}

function isMapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
}

function ipv4(high: number, low: number): string {
  return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function ipv6Groups(ip: string): readonly number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(ip);
  const hex = dotted
    ? `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`
    : ip;
  const [head = '', tail] = hex.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...new Array<string>(zeros).fill('0'), ...after].map((group) => Number.parseInt(group, 16));
}
