import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { blockedBecause } from '../../functions/prober/address-guard.ts';

const PUBLIC = { allowPrivate: false, forbiddenEndpoints: [] };
const PRIVATE_TOO = { allowPrivate: true, forbiddenEndpoints: [] };

const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  'fd00:ec2::254',
  'FD00:0EC2:0:0:0:0:0:0254',
  'fd00:ec2::23',
  'fd20:ce::254',
  '100.100.100.200',
  '168.63.129.16',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '::169.254.169.254',
  '::ffff:0:169.254.169.254',
  '64:ff9b::169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
];
for (const ip of METADATA) {
  test(`${ip} is never allowed`, () => {
    assert.equal(blockedBecause(PRIVATE_TOO, ip, 80), 'a cloud metadata service');
    assert.equal(blockedBecause(PUBLIC, ip, 80), 'a cloud metadata service');
  });
}

const NOT_PUBLIC: Readonly<Record<string, readonly string[]>> = {
  'a loopback address': ['127.0.0.1', '127.255.255.255', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'],
  'a link-local address': ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf:ffff::'],
  'a private address': [
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    'fc00::1',
    'fdff::1',
    '::ffff:10.0.0.1',
  ],
  'a shared address behind carrier-grade NAT': ['100.64.0.1', '100.127.255.255'],
  'a multicast address': ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  'a reserved address': [
    '0.0.0.0',
    '255.255.255.255',
    '240.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '::',
    '2001:db8::1',
    '2001::1',
    '2002:808:808::1',
  ],
};
for (const [what, addresses] of Object.entries(NOT_PUBLIC)) {
  for (const ip of addresses) {
    test(`${ip} is ${what}`, () => assert.equal(blockedBecause(PUBLIC, ip, 80), what));
    test(`${ip} is allowed where private addresses are`, () => assert.equal(blockedBecause(PRIVATE_TOO, ip, 80), null));
  }
}

for (const ip of [
  '1.1.1.1',
  '8.8.8.8',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '126.255.255.255',
  '2606:4700::1111',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
]) {
  test(`${ip} is allowed`, () => assert.equal(blockedBecause(PUBLIC, ip, 443), null));
}

test('an endpoint of the own machine is never allowed, its address on another port is', () => {
  const policy = { allowPrivate: true, forbiddenEndpoints: ['127.0.0.1:9001'] };
  assert.equal(blockedBecause(policy, '127.0.0.1', 9001), "a service of the prober's own machine");
  assert.equal(blockedBecause(policy, '::ffff:127.0.0.1', 9001), "a service of the prober's own machine");
  assert.equal(blockedBecause(policy, '127.0.0.1', 9002), null);
});

test('an IPv4 address is judged the same in each of its IPv6 forms that lead to it', () => {
  fc.assert(
    fc.property(fc.ipV4(), (ip) => {
      const verdict = blockedBecause(PUBLIC, ip, 80);
      assert.equal(blockedBecause(PUBLIC, `::ffff:${ip}`, 80), verdict);
      assert.equal(blockedBecause(PUBLIC, `64:ff9b::${ip}`, 80), verdict);
    }),
  );
});

test('a network that is not public is blocked as a whole', () => {
  const networks = [
    [0x0a000000, 8],
    [0xac100000, 12],
    [0xc0a80000, 16],
    [0x7f000000, 8],
    [0xa9fe0000, 16],
    [0x64400000, 10],
    [0xe0000000, 3],
  ] as const;
  fc.assert(
    fc.property(fc.constantFrom(...networks), fc.nat(0xffffffff), ([network, prefix], host) => {
      const address = (network | (host & (0xffffffff >>> prefix))) >>> 0;
      const ip = [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
      assert.notEqual(blockedBecause(PUBLIC, ip, 80), null, ip);
    }),
  );
});

test('every IPv6 address gets a verdict, and the same one however it is written', () => {
  fc.assert(
    fc.property(fc.ipV6(), (ip) => {
      const canonical = new URL(`http://[${ip}]/`).hostname.slice(1, -1);
      assert.equal(blockedBecause(PUBLIC, ip, 80), blockedBecause(PUBLIC, canonical, 80));
    }),
  );
});
