// How the two pages are built: one entry, a chunk per page, every file under /assets with its hash in the name.

import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** The interface speaks English, so the component library's other translations stay out of the files. */
function englishOnly(): Plugin {
  return {
    name: "english-only",
    enforce: "pre",
    load(id) {
      const file = id.split("?")[0] ?? id;
      const translation = /[\\/]react-(?:aria|stately)[\\/].*[\\/]intl[\\/].*[\\/]([a-z]{2}-[A-Z]{2})\.m?js$/.exec(
        file,
      );
      return translation !== null && translation[1] !== "en-US" ? "export default {};" : undefined;
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  plugins: [englishOnly(), react()],
  // Nothing is inlined as a data: address, which the page's content security policy would refuse.
  build: {
    outDir: "../dist/ui",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  server: {
    proxy: Object.fromEntries(["/api", "/predict", "/feedback"].map((path) => [path, "http://127.0.0.1:4400"])),
  },
});
