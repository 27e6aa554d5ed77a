import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** The version of this package. */
export const VERSION = packageVersion(__dirname);

/** From the package.json above this file, in src/ and in dist/src/ alike. */
function packageVersion(folder: string): string {
  try {
    const text = readFileSync(join(folder, 'package.json'), 'utf8');
    return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
  } catch (error) {
    const parent = dirname(folder);
    if (parent === folder) throw error;
    return packageVersion(parent);
  }
}
