import { createServer, type Server } from 'node:http';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { z } from 'zod';
import { createHttpGet } from '../../src/tools/http-get';
import { isPublicAddress, type Resolve } from '../../src/tools/public-address';

const context = { signal: AbortSignal.timeout(30_000), requestedBy: 'ana', executionId: 'x' };
const SOCKET = z.object({ socket: z.instanceof(Socket) });
const resolveTo =
  (...addresses: string[]): Resolve =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
const never: Resolve = () => Promise.reject(new Error('asked for a name'));
const get = (url: string, allow: readonly string[], resolve: Resolve = never) =>
  createHttpGet({ allow }, resolve).execute({ url }, context);

describe('addresses', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '198.18.0.1',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'ff02::1',
    '2001:db8::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::a00:1',
    '2002:7f00:1::',
    '2001::1',
    '::127.0.0.1',
    '::7f00:1',
    '1::1',
    'no address',
  ])('%s is none of the public internet', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['93.184.215.14', '8.8.8.8', '2606:4700:4700::1111'])(
    '%s is one of the public internet',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
});

describe('http_get', () => {
  let server: Server;
  let port: number;
  let asked: string[];
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.headers.host} ${request.url}`);
      const location = new URL(request.url ?? '/', 'http://x').searchParams.get('to');
      if (location !== null) response.writeHead(302, { location }).end();
      else if (request.url === '/large') response.end('x'.repeat(400_000));
      else response.writeHead(200, { 'content-type': 'text/plain' }).end('hello');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('the server has no port');
    ({ port } = bound);
  });
  beforeEach(() => void (asked = []));
  afterAll(async () => {
    server.close();
    await once(server, 'close');
  });

  it('reads what is listed by its address, and no more than the limit', async () => {
    const allow = [`127.0.0.1:${port}`];
    expect(await get(`http://127.0.0.1:${port}/a`, allow)).toMatchObject({
      status: 200,
      content_type: 'text/plain',
      body: 'hello',
      truncated: false,
    });
    const large = await get(`http://127.0.0.1:${port}/large`, allow);
    expect(large).toMatchObject({ truncated: true, body: 'x'.repeat(131_072) });
  });

  it.each([
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::1]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
  ])('asks no inner address, however it is written: %s', async (written) => {
    const url = new URL(written);
    url.port = String(port);
    const host = url.hostname;
    // Listed as a name would be, which is not the address itself with this port.
    await expect(get(url.href, ['*.example.com', `${host}:1`])).rejects.toMatchObject({
      code: 'action_blocked',
    });
    expect(asked).toEqual([]);
  });

  it.each([
    ['ftp://api.example.com/', 'neither http nor https'],
    ['file:///etc/passwd', 'neither http nor https'],
    ['http://user:pass@api.example.com/', 'credentials'],
    ['http://api.example.com@evil.example.org/', 'credentials'],
    ['http://evil.example.org/', 'allow list'],
    ['http://api.example.com.evil.org/', 'allow list'],
    ['http://notapi.example.com/', 'allow list'],
    ['http://api.example.com:8080/', 'allow list'],
    ['nonsense', 'not a URL'],
  ])('refuses %s', async (url, reason) => {
    await expect(get(url, ['api.example.com:80'])).rejects.toThrow(reason);
  });

  it.each(['http://API.example.com/', 'http://api.example.com./'])('knows a host as %s too', async (url) => {
    await expect(get(url, ['api.example.com'], resolveTo('10.0.0.1'))).rejects.toThrow(/no public address/);
  });

  it('asks nobody when one of the addresses of a name is an inner one', async () => {
    const url = `http://api.example.com:${port}/`;
    for (const resolve of [
      resolveTo('127.0.0.1'),
      resolveTo('93.184.215.14', '127.0.0.1'),
      resolveTo('::ffff:127.0.0.1'),
    ]) {
      await expect(get(url, ['api.example.com'], resolve)).rejects.toThrow(/no public address/);
    }
    expect(asked).toEqual([]);
  });

  it('resolves a name once: what it leads to afterwards changes nothing', async () => {
    let answers = 0;
    const rebinding: Resolve = () => {
      answers += 1;
      const address = answers === 1 ? '192.0.2.77' : '127.0.0.1';
      return Promise.resolve([{ address, family: 4 }]);
    };
    await expect(get(`http://api.example.com:${port}/`, ['api.example.com'], rebinding)).rejects.toThrow(
      /192\.0\.2\.77/,
    );
    expect({ answers, asked }).toEqual({ answers: 1, asked: [] });
  });

  it('connects to the very address that was checked, whatever the name leads to by then', async () => {
    const sought: string[] = [];
    // The moment between the look-up of a socket and its connection: nothing leaves this machine.
    const listen = (message: unknown): void => {
      const { socket } = SOCKET.parse(message);
      socket.once('lookup', (_error: unknown, address: string) => {
        sought.push(address);
        socket.destroy(new Error('seen'));
      });
    };
    subscribe('net.client.socket', listen);
    const answers = ['93.184.215.14', '127.0.0.1'];
    const rebinding: Resolve = () =>
      Promise.resolve([{ address: answers.shift() ?? '127.0.0.1', family: 4 }]);
    try {
      const reading = get(`http://api.example.com:${port}/`, ['api.example.com'], rebinding);
      await expect(reading).rejects.toThrow('seen');
    } finally {
      unsubscribe('net.client.socket', listen);
    }
    expect({ sought, answers, asked }).toEqual({
      sought: ['93.184.215.14'],
      answers: ['127.0.0.1'],
      asked: [],
    });
  });

  it('checks every hop of a redirect like a request', async () => {
    const allow = [`127.0.0.1:${port}`];
    const from = (to: string) => `http://127.0.0.1:${port}/?to=${encodeURIComponent(to)}`;
    expect(await get(from(`http://127.0.0.1:${port}/b`), allow)).toMatchObject({ body: 'hello' });
    await expect(get(from('http://169.254.169.254/latest/meta-data/'), allow)).rejects.toThrow(/allow list/);
    await expect(get(from('http://localhost/'), allow)).rejects.toThrow(/allow list/);
    await expect(get(from('file:///etc/passwd'), allow)).rejects.toThrow(/neither/);
    const loop = `http://127.0.0.1:${port}/?to=`;
    const nested = [1, 2, 3, 4, 5, 6].reduce(
      (to) => loop + encodeURIComponent(to),
      `http://127.0.0.1:${port}/`,
    );
    await expect(get(nested, allow)).rejects.toThrow(/redirects/);
  });
});
