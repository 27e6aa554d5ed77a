import { isIP } from 'node:net';

/** Whether a host, as it stands in a setting or a URL, is this machine and no other can reach it. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (['localhost', '::1', '[::1]'].includes(name) || name.endsWith('.localhost')) return true;
  return isIP(name) === 4 && name.startsWith('127.');
}
