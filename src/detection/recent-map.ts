/** A map that keeps the entries used last, so many at most. */
export class RecentMap<V> {
  private readonly entries = new Map<string, V>();

  constructor(private readonly limit: number) {}

  /** The entry, made where it is missing; when making it throws, nothing is kept. */
  getOrMake(key: string, make: () => V): V {
    const known = this.entries.get(key);
    const value = known ?? make();
    this.entries.delete(key);
    this.entries.set(key, value);
    const [oldest] = this.entries.keys();
    if (this.entries.size > this.limit && oldest !== undefined) this.entries.delete(oldest);
    return value;
  }

  delete(key: string): void {
    this.entries.delete(key);
  }
}
