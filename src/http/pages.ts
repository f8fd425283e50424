// Serves the built dashboard and product page: hashed assets for a year, the entry page never cached, under a strict policy.

import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type { Context, Hono } from "hono";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".map": "application/json",
};

const policy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

/** The folder of the built pages; the same place from the sources and from the package. */
export function pagesFolder(): string {
  return fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../../dist/ui" : "../ui", import.meta.url));
}

export function servePages(app: Hono, folder = pagesFolder()): void {
  const entry = async (context: Context) => {
    const page = await readFile(join(folder, "index.html")).catch(() => undefined);
    if (page === undefined)
      return context.text("The pages are not built yet: run `npm run build`. The API is up; see /openapi.json", 503);
    return context.body(page, 200, {
      "content-type": types[".html"] as string,
      "cache-control": "no-cache",
      "content-security-policy": policy,
    });
  };
  app.get("/", entry);
  app.get("/app/:name", entry);
  app.get("/assets/:file", async (context) => {
    const file = normalize(context.req.param("file"));
    const type = types[extname(file)];
    const bytes =
      file.includes("/") || file.includes("..") || type === undefined
        ? undefined
        : await readFile(join(folder, "assets", file)).catch(() => undefined);
    if (bytes === undefined) return context.notFound();
    return context.body(bytes, 200, {
      "content-type": type as string,
      "cache-control": "public, max-age=31536000, immutable",
    });
  });
}
