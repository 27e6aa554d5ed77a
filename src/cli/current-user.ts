import { userInfo } from 'node:os';

/** Who runs this command, as the system knows them; in a container a user may have a number only. */
export function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
