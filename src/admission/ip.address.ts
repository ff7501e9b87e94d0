import ipaddr from 'ipaddr.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';

type Address = ReturnType<typeof ipaddr.parse>;
type Range = readonly [Address, number];

/** How much of an IPv6 address tells who somebody is: a customer gets a /64, and has all of its addresses. */
const IPV6_CUSTOMER_BITS = 64;

const MAPPED_BITS = 96;

/** `::10.1.1.1`, an IPv4-compatible address (RFC 4291 section 2.5.5.1): it is no IPv4 address, but the parser takes it for a mapped one. */
const COMPATIBLE = /^::([^:/%]*\.[^:/%]*)/;

/** Ranges of addresses, in CIDR notation. */
export class IpRanges {
  private constructor(private readonly ranges: readonly Range[]) {}

  /** @throws InvalidOptionsError naming the first text that is neither an address nor a range of them */
  static parse(option: string, texts: readonly string[]): IpRanges {
    return new IpRanges(
      texts.map((text) => {
        const range = parseRange(text);
        if (range !== null) return range;
        throw new InvalidOptionsError(
          option,
          `Expected "${option}" to be IP addresses or ranges such as "10.0.0.0/8" and "2001:db8::/32", got ${JSON.stringify(text)}.`,
        );
      }),
    );
  }

  /** Whether an address is in one of the ranges. An IPv4 address that is written as an IPv6 one (`::ffff:10.0.0.1`) is the IPv4 address. */
  includes(text: string): boolean {
    const address = parseAddress(text);
    if (address === null) return false;
    return this.ranges.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
  }
}

/** What connections of one client have in common: the IPv4 address, or the first half of the IPv6 address. `unknown` for what is no address. */
export function clientOf(text: string): string {
  const address = parseAddress(text);
  if (address === null) return 'unknown';
  if (!(address instanceof ipaddr.IPv6)) return address.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${address.toNormalizedString()}/${IPV6_CUSTOMER_BITS}`);
  return `${network.toString()}/${IPV6_CUSTOMER_BITS}`;
}

/**
 * The address of the client behind `trustedProxies` proxies, each of which adds the address that it was asked by to the end of X-Forwarded-For. What the
 * client itself wrote there is further left and never read. With fewer entries than proxies it is the address at the other end of the socket.
 */
export function forwardedAddress(remoteAddress: string, forwardedFor: string, trustedProxies: number): string {
  const entry = trustedProxies === 0 ? undefined : forwardedFor.split(',').at(-trustedProxies);
  const forwarded = entry === undefined ? null : parseAddress(withoutPort(entry.trim()));
  return forwarded?.toString() ?? ownAddress(remoteAddress);
}

/** An address as the operating system writes it, which is in its shortest form already: without the zone, and an IPv4 one as what it is. */
function ownAddress(remoteAddress: string): string {
  return remoteAddress.replace(/%.*$/, '').replace(/^::ffff:(?=[\d.]+$)/i, '');
}

/** Some proxies write `192.0.2.1:49152` and `[2001:db8::1]:49152`. */
function withoutPort(text: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
}

function parseAddress(text: string): Address | null {
  // Without the zone that a link-local address has on its own machine.
  const [address = ''] = inGroups(text).split('%', 1);
  // The parser takes 127.1, 0x7f.0.0.1 and 2130706433, too.
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  return isAddress ? ipaddr.process(address) : null;
}

/** An IPv4-compatible address in groups like every other IPv6 address, anything else as it is. */
function inGroups(text: string): string {
  return text.replace(COMPATIBLE, (_, dotted: string) => {
    if (!ipaddr.IPv4.isValidFourPartDecimal(dotted)) return '';
    const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv4.parse(dotted).octets;
    return `::${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
}

function parseRange(given: string): Range | null {
  const text = inGroups(given);
  const address = parseAddress(text);
  if (address !== null && !text.includes('/')) return [address, address.kind() === 'ipv4' ? 32 : 128];
  const isRange = ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text);
  if (!isRange) return null;
  const [base, bits] = ipaddr.parseCIDR(text);
  const isMapped = base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress() && bits >= MAPPED_BITS;
  return isMapped ? [base.toIPv4Address(), bits - MAPPED_BITS] : [base, bits];
}
