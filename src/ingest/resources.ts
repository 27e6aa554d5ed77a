import type { Attributes, Resource } from '../domain/trace';

const KEPT = 1_000;

/** One resource per name of a service, for all the spans that it emitted. */
export class ServiceResources {
  private readonly known = new Map<string, Resource>();

  of(service: string): Resource {
    const known = this.known.get(service);
    if (known !== undefined) return known;
    const attributes: Attributes = service === '' ? {} : { 'service.name': service };
    const resource = { attributes };
    if (this.known.size < KEPT) this.known.set(service, resource);
    return resource;
  }
}
