import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The folder for what may be computed again: `GRAFT_CACHE`, or `graft` in the system's place for caches of the user. */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (env.GRAFT_CACHE) return resolve(env.GRAFT_CACHE);
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "graft");
  if (platform === "win32") return join(env.LOCALAPPDATA || join(homedir(), "AppData", "Local"), "graft", "Cache");
  // An XDG path that is not absolute is to be ignored, says the specification.
  return join(env.XDG_CACHE_HOME?.startsWith("/") ? env.XDG_CACHE_HOME : join(homedir(), ".cache"), "graft");
}
