import { lookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Finds the addresses of a name; `dns.lookup` of Node with `all: true`. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** As the operating system resolves names. */
export const systemResolve: Resolve = (hostname) =>
  new Promise((resolve, reject) => {
    lookup(hostname, { all: true, verbatim: true }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses);
    });
  });

/** All that is given out of IPv6; the IPv4-compatible `::7f00:1` lies outside (RFC 4291, IANA's registry). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address is one of the public internet: not private, loopback, link-local, shared, multicast, documentation
 * or reserved, and neither is what it stands for as a mapped, translated (NAT64) or tunnelled (6to4, Teredo) address.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false;
  const parsed = ipaddr.process(address);
  return parsed.range() === 'unicast' && (parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST));
}
