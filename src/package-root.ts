import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder with our package.json, above `src/` and above `dist/src/` alike. */
export const PACKAGE_ROOT = folderWithPackage(__dirname);

function folderWithPackage(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : folderWithPackage(dirname(folder));
}
